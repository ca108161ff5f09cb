import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { WayFinder } from '../../../src/balancer/nftables/way-finder.js';
import { nameOf, type Way } from '../../../src/balancer/nftables/ways.js';
import type { CrossingOutcome } from '../../../src/linux/bridge-crossing.js';
import type { LedFlow } from '../../../src/linux/conntrack.js';
import type { DockerForwarding } from '../../../src/linux/docker-forwarding.js';
import { recordedLog } from '../../support/recorded-log.js';

const POOL = '10.43.0.0/16';
const end = (n: number) => ({ network: `net${n}`, bridge: `br${n}`, subnets: [`10.8${n}.0.0/24`] });
const way = (from: number, to: number): Way => ({ from: end(from), to: end(to) });
const ways = (...all: readonly Way[]) => new Map(all.map((each) => [nameOf(each), each]));
const OPEN: CrossingOutcome = { kind: 'open' };
const CLOSED: CrossingOutcome = { kind: 'closed', why: 'no answer' };

let docker: DockerForwarding;
/** What comes of a trial, by the number of trials so far. */
let outcome: (trial: number) => CrossingOutcome;
let tried: string[];
let without: Set<string>;
let flows: LedFlow[];
let forgotten: string[];
let changes: number;
let stopped: number;
let finder: WayFinder;

const known = () => Array.from(finder.known(), ([each, state]) => [nameOf(each), state]);
/** Resolves when all trials are over. */
const settled = (count: number) => vi.waitFor(() => expect(changes).toBe(count));

beforeEach(() => {
  docker = { keepsSources: true };
  outcome = () => OPEN;
  [tried, without, flows, forgotten, changes, stopped] = [[], new Set(), [], [], 0, 0];
  finder = new WayFinder({
    kernel: {
      passDocker: () => Promise.resolve(docker),
      stopPassingDocker: () => {
        stopped++;
        return Promise.resolve();
      },
      tryCrossings: (_, crossings) =>
        Promise.resolve(crossings.map(({ from, to }) => outcome(tried.push(`${from.bridge} ${to.bridge}`)))),
      ledFlows: () => Promise.resolve(flows),
      forgetFlows: ({ task }, source = '') => {
        forgotten.push(`${source} ${task}`);
        return Promise.resolve();
      },
    },
    vantages: (networks) =>
      new Map(
        [...networks]
          .filter((id) => !without.has(id))
          .map((id) => [id, { namespaces: [`/${id}`], ip: '10.8.0.2' }]),
      ),
    onChange: () => {
      changes++;
    },
    log: recordedLog([]),
  });
});

afterEach(() => finder.stop());

describe('ways from one bridge to another', () => {
  it('are open when a connection passes, and each is tried once', async () => {
    finder.want(POOL, ways(way(1, 0)));
    await settled(1);
    finder.want(POOL, ways(way(1, 0), way(2, 0)));
    await settled(2);
    finder.want(POOL, ways(way(1, 0), way(2, 0)));
    await finder.stop();
    expect(tried).toEqual(['br1 br0', 'br2 br0', 'br1 br0']);
    expect(finder.ways.states.get('br2 br0')).toEqual({ isOpen: true, keepsSources: true });
  });

  it("are closed otherwise, and what Docker's rules say of it is the reason", async () => {
    outcome = () => CLOSED;
    finder.want(POOL, ways(way(1, 0)));
    await settled(1);
    expect(known()).toEqual([['br1 br0', { isOpen: false, why: 'no answer' }]]);
    docker = { keepsSources: false, obstacle: 'they need a mark; set it' };
    finder.recheck();
    await settled(2);
    expect(known()).toEqual([['br1 br0', { isOpen: false, why: 'they need a mark; set it' }]]);
    docker = { keepsSources: false, mark: { value: 1, mask: 1 } };
    outcome = () => OPEN;
    finder.recheck();
    await settled(3);
    expect(known()).toEqual([['br1 br0', { isOpen: true, keepsSources: false }]]);
    expect(finder.ways.mark).toEqual({ value: 1, mask: 1 });
  });

  it('are the proxy’s where they cannot be tried, and stay as they were if they could be before', async () => {
    without = new Set(['net0']);
    finder.want(POOL, ways(way(1, 0)));
    await settled(1);
    const why = 'the way to br0 cannot be tried: there is no container on br0 to try it with';
    expect(known()).toEqual([['br1 br0', { isOpen: false, why }]]);
    without.clear();
    finder.recheck();
    await settled(2);
    outcome = () => ({ kind: 'impossible', why: 'setns: EPERM' });
    finder.recheck();
    await vi.waitFor(() => expect(tried).toHaveLength(2));
    expect(known()).toEqual([['br1 br0', { isOpen: true, keepsSources: true }]]);
    await finder.stop();
  });

  it('close only when a second try fails too, and flows that would hang are forgotten', async () => {
    finder.want(POOL, ways(way(1, 0)));
    await settled(1);
    outcome = (trial) => (trial === 2 ? CLOSED : OPEN);
    finder.recheck();
    await vi.waitFor(() => expect(tried).toHaveLength(3));
    expect(finder.ways.states.get('br1 br0')).toMatchObject({ isOpen: true });
    const flow = { protocol: 'udp', vip: '10.43.0.2', port: 53, taskPort: 53 } as const;
    flows = [
      { ...flow, task: '10.80.0.2' },
      { ...flow, task: '10.87.0.2' },
      { ...flow, vip: '10.9.0.1', task: '10.80.0.3' },
    ];
    outcome = () => CLOSED;
    finder.recheck();
    await settled(2);
    await vi.waitFor(() => expect(forgotten).toEqual(['10.81.0.0/24 10.80.0.2']));
  });

  it('are tried in turns when there are many', async () => {
    const many = Array.from({ length: 50 }, (_, n) => way(n + 1, 0));
    finder.want(POOL, ways(...many));
    await settled(1);
    expect(new Set(tried).size).toBe(50);
    tried = [];
    finder.recheck();
    await vi.waitFor(() => expect(tried).toHaveLength(32));
    finder.recheck();
    await vi.waitFor(() => expect(tried).toHaveLength(64));
    expect(new Set(tried).size).toBe(50);
    await finder.stop();
  });

  it('leave nothing behind when they are no longer wanted, unless a connection needs it', async () => {
    finder.want(POOL, ways(way(1, 0)));
    await settled(1);
    await finder.end();
    expect([stopped, known()]).toEqual([1, []]);
    finder.recheck();
    await finder.end();
    expect([stopped, tried.length]).toEqual([1, 1]);
  });
});
