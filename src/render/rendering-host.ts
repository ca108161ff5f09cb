/** The host on which templates are rendered. */
export interface RenderingHost {
  name: string;
  address: string;
  environment: string;
  /** The registry's name for the location, which `datacenters` returns. */
  datacenter: string;
  /** Which address represents a task of this host: its own, or the one on which its port is published. */
  addresses: 'container' | 'published';
}
