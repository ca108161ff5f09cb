import type { Balancing } from './balancing.js';

/** A setting that does nothing for some ports. */
export interface IdleSetting {
  readonly field: 'proxyProtocol' | 'acceptProxy';
  /** Why, and what to do instead; goes after the setting. */
  readonly why: string;
}

/**
 * What is said of the PROXY protocol (haproxy.org, "The PROXY protocol") that cannot be done for datagrams: version 1 is a line
 * at the beginning of a stream, and headers that clients put before datagrams are not read.
 */
export function idleProxySettings(
  { proxyProtocol, acceptProxy }: Balancing,
  ports: Iterable<{ readonly port: number; readonly protocol: string }>,
): IdleSetting[] {
  const udp = [...ports].filter(({ protocol }) => protocol === 'udp').map(({ port }) => `${port}/udp`);
  if (udp.length === 0) return [];
  const where = `does nothing for ${udp.join(', ')}`;
  return [
    ...(proxyProtocol === 'v1'
      ? [{ field: 'proxyProtocol', why: `${where}: version 1 knows no UDP; write v2` } as const]
      : []),
    ...(acceptProxy
      ? [
          {
            field: 'acceptProxy',
            why: `${where}: PROXY headers in datagrams are not read; give UDP ports a service of their own`,
          } as const,
        ]
      : []),
  ];
}
