import { describe } from 'vitest';
import type { ProxyPlaneOptions } from '../../../../src/balancer/proxy/proxy-plane.js';
import { loadLibc } from '../../../../src/linux/libc.js';
import { bundled } from '../../../support/bundled.js';

/** A way in which TCP can be carried. */
export interface TcpImplementation {
  readonly name: string;
  /** @param now what the plane goes by, where it can be told */
  readonly options: (now: () => number) => ProxyPlaneOptions;
  /** Whether it goes by the test's clock; threads have their own. */
  readonly hasClock: boolean;
  readonly threads: number;
}

/** The file that a thread runs, from the source as it is. */
export const tcpScript = (): URL =>
  bundled(new URL('../../../../src/balancer/proxy/tcp/native/carrier-worker.ts', import.meta.url));

const node: TcpImplementation = {
  name: 'node',
  options: (now) => ({ now, native: false }),
  hasClock: true,
  threads: 1,
};

const threads = (workers: number): TcpImplementation => ({
  name: workers === 1 ? 'a thread' : `${workers} threads`,
  options: () => ({ native: { workers, script: tcpScript() } }),
  hasClock: false,
  threads: workers,
});

const native: TcpImplementation[] = [
  { name: 'reactor', options: (now) => ({ now, native: { clock: now } }), hasClock: true, threads: 1 },
  threads(1),
  threads(3),
];

const canBeNative = !('unavailable' in (await loadLibc()));

/** All of them that this system can have. */
export const TCP: readonly TcpImplementation[] = [node, ...(canBeNative ? native : [])];

/** Cases that each of them must pass; with a clock to move on when they ask for one. */
export function describeTcp(
  name: string,
  cases: (implementation: TcpImplementation) => void,
  { clock = false } = {},
): void {
  for (const each of TCP) if (each.hasClock || !clock) describe(`${name} (${each.name})`, () => cases(each));
}

/** The native ones. */
export const NATIVE: readonly TcpImplementation[] = canBeNative ? native : [];
