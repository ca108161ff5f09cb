/** A service's name as a user typed it; without a stack, it can be in any stack. */
export interface ServiceName {
  readonly sidekick?: string;
  readonly service: string;
  readonly stack?: string;
}

/**
 * Reads `web`, `web.shop`, `logger.web.shop`, the same with the domain or a final dot, and Rancher's notation,
 * `shop/web[/logger]`.
 * @returns undefined when it is not one of these
 */
export function parseServiceName(text: string, domain: string): ServiceName | undefined {
  const name = text.toLowerCase().replace(/\.$/, '');
  if (name.includes('/')) {
    const [stack, service, sidekick, ...more] = name.split('/');
    return more.length > 0 ? undefined : named(sidekick, service, stack);
  }
  const bare = name.endsWith(`.${domain}`) ? name.slice(0, -domain.length - 1) : name;
  const labels = bare.split('.');
  if (labels.length > 3) return undefined;
  const [stack, service, sidekick] = labels.length === 1 ? [undefined, bare] : labels.reverse();
  return named(sidekick, service, stack);
}

function named(
  sidekick: string | undefined,
  service: string | undefined,
  stack: string | undefined,
): ServiceName | undefined {
  if (!service || stack === '' || sidekick === '') return undefined;
  return {
    service,
    ...(stack === undefined ? {} : { stack }),
    ...(sidekick === undefined ? {} : { sidekick }),
  };
}
