import { afterEach } from 'vitest';
import type { PassiveSignal, VirtualService, VirtualServiceCounters } from '../../../src/balancer/plane.js';
import type { FlowLimits } from '../../../src/balancer/flows/flow-budget.js';
import { createProxyPlane, type ProxyDataPlane } from '../../../src/balancer/proxy/proxy-plane.js';
import type { HostPort } from '../../../src/net/ip.js';
import { backend, startPeer, tcpService, until, type Behaviour, type Peer } from './peer.js';
import type { TcpImplementation } from './tcp/tcp-implementations.js';
import { ownPort } from '../../support/own-port.js';

/** A proxy plane with one service, and what it has told. */
export interface Served {
  readonly plane: ProxyDataPlane;
  readonly vip: HostPort;
  /** What health checks were reported so far: `task ok`, `task reason`. */
  readonly told: () => Promise<readonly string[]>;
  readonly logged: string[];
  /** Milliseconds that a test may move on. */
  readonly clock: { ahead: number };
  /** Resolves when the plane has looked what is due by the clock as it is now; for a plane that goes by the test's clock. */
  readonly swept: () => Promise<void>;
  readonly counters: () => Promise<VirtualServiceCounters>;
  readonly apply: (over: Partial<VirtualService>) => Promise<void>;
}

export interface Setup {
  readonly peer: (behave: Behaviour) => Promise<Peer>;
  /** Serves tasks `a`, `b`, ... at addresses, in turn. */
  readonly serve: (
    tasks: readonly HostPort[],
    over?: Partial<VirtualService>,
    limits?: FlowLimits,
  ) => Promise<Served>;
}

const parts = new Map<number, number>();

/** What a test file's cases make, taken down after each. @param second of the file's own part of 127.0.0.0/8 */
export function setUpProxy(second: number, { options }: TcpImplementation): Setup {
  const third = parts.get(second) ?? 0;
  parts.set(second, third + 1);
  const cleanUp: (() => Promise<void>)[] = [];
  let vips = 0;
  afterEach(async () => {
    for (const each of cleanUp.splice(0).reverse()) await each();
  });
  return {
    async peer(behave) {
      const peer = await startPeer(behave);
      cleanUp.push(() => peer.close());
      return peer;
    },
    async serve(tasks, over = {}, limits) {
      const vip = { ip: `127.${second}.${third}.${++vips}`, port: ownPort };
      const clock = { ahead: 0 };
      let reads = 0;
      const now = (): number => {
        reads++;
        return performance.now() + clock.ahead;
      };
      const signals: string[] = [];
      const logged: string[] = [];
      const plane = createProxyPlane({
        ...options(now),
        onSignal: ({ backend: id, ok, reason }: PassiveSignal) =>
          signals.push(`${id} ${ok ? 'ok' : String(reason)}`),
        log: { warn: (message) => void logged.push(message) },
        ...(limits && { limits }),
      });
      cleanUp.push(() => plane.close());
      const backends = tasks.map((address, index) => backend(String.fromCharCode(97 + index), address));
      const apply = async (changes: Partial<VirtualService>): Promise<void> => {
        const problems = await plane.apply([tcpService(vip, backends, { ...over, ...changes })]);
        if (problems.length > 0) throw new Error(problems.map(({ message }) => message).join('; '));
      };
      await apply({});
      const counters = async (): Promise<VirtualServiceCounters> => {
        const [found] = await plane.counters();
        if (!found) throw new Error('the service is not served');
        return found;
      };
      // Threads tell what they have seen before they answer.
      const told = async (): Promise<readonly string[]> => {
        await counters();
        return signals;
      };
      // The last reading of the clock may have been for the rest until the next tick, the one after it is the tick's.
      const swept = async (): Promise<void> => {
        const before = reads;
        await until(() => reads >= before + 4);
      };
      return { plane, vip, told, logged, clock, swept, counters, apply };
    },
  };
}
