import type { Balancing } from './balancing.js';

/** A setting that has no effect for some ports. */
export interface IdleSetting {
  readonly field: 'proxyProtocol' | 'acceptProxy';
  /** The reason and the remedy, to follow the setting's name in a message. */
  readonly why: string;
}

/**
 * Settings of the PROXY protocol (haproxy.org, "The PROXY protocol") that datagrams cannot use. Version 1 is a line at
 * the beginning of a stream, and the proxy does not read headers that clients put before datagrams.
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
