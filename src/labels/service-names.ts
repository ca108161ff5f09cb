/** What names a service of Fairlead's, on any host. */
export interface ServiceNames {
  readonly stack: string;
  readonly service: string;
  readonly sidekick?: string | undefined;
}

/**
 * The tag that says which service an entry belongs to, where its name in Consul does not: `fairlead-service=shop/web`.
 * Consul's list of services has names and tags only, and this tag finds a service by its own name there.
 */
const TAG = 'fairlead-service=';

/** The name under which the publisher registers a service, without the port that it adds where there are several. */
export function publishedName({ stack, service, sidekick }: ServiceNames): string {
  const name = sidekick === undefined ? service : `${service}-${sidekick}`;
  return stack === 'default' ? name : `${stack}-${name}`;
}

/** The name without the port at its end: `shop-web` for `shop-web-80`. Undefined if it does not end in one. */
export function withoutPort(name: string): string | undefined {
  return /^(.+)-\d{1,5}$/.exec(name)?.[1];
}

/** The tag for an entry with this name; none where the name tells the service. */
export function serviceTags(names: ServiceNames | undefined, registered: string): string[] {
  if (names === undefined) return [];
  const plain = publishedName(names);
  if (registered === plain || withoutPort(registered) === plain) return [];
  return [TAG + serviceText(names)];
}

/** `shop/web`, `shop/web/log` */
export function serviceText({ stack, service, sidekick }: ServiceNames): string {
  return `${stack}/${service}${sidekick === undefined ? '' : `/${sidekick}`}`;
}

/** What such a tag says. Undefined for any other tag. */
export function serviceOfTag(tag: string): string | undefined {
  return tag.startsWith(TAG) ? tag.slice(TAG.length) : undefined;
}
