import { readFileSync } from 'node:fs';

/** What limits the connections of this host to one address and port (kernel, ip-sysctl). */
export interface SourcePorts {
  /** net.ipv4.ip_local_port_range, for IPv6 too: so many connections may come from one address at a time. */
  readonly first: number;
  readonly last: number;
  /** net.ipv4.tcp_tw_reuse: whether ports of connections that are over (TIME_WAIT) are used again; `loopback`: there alone. */
  readonly reuse: 'never' | 'always' | 'loopback';
}

const REUSE = ['never', 'always', 'loopback'] as const;

/** @returns undefined off Linux, and where /proc cannot be read */
export function readSourcePorts(root = '/proc/sys/net/ipv4'): SourcePorts | undefined {
  try {
    const read = (name: string): number[] =>
      readFileSync(`${root}/${name}`, 'utf8').trim().split(/\s+/).map(Number);
    const [first, last] = read('ip_local_port_range');
    const [reuse = 0] = read('tcp_tw_reuse');
    if (first === undefined || last === undefined) return undefined;
    return { first, last, reuse: REUSE[reuse] ?? 'never' };
  } catch {
    return undefined;
  }
}
