import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { IpvsDirector } from '../../../src/balancer/ipvs/ipvs-director.js';
import type { IpvsHost } from '../../../src/balancer/ipvs/ipvs-host.js';
import { ipvsTableOf, isIpvsScheduler } from '../../../src/balancer/ipvs/ipvs-services.js';
import type { DesiredBackend, VirtualService } from '../../../src/balancer/plane.js';
import { parseIpvs, type IpvsLoad } from '../../../src/linux/ipvs-table.js';
import { SCHEDULERS } from '../../../src/net/balancing.js';

const POOL = '10.43.0.0/16';
const AT = '-t 10.43.0.2:80';
const backend = (at: number, over: Partial<DesiredBackend> = {}): DesiredBackend => ({
  ...{ id: `t${at}`, name: `t${at}`, weight: 1, state: 'active', ...over },
  address: { ip: `10.88.0.1${at}`, port: 8080 },
});
const web = (backends: readonly DesiredBackend[], over: Partial<VirtualService> = {}): VirtualService => ({
  ...{ service: 'a/b/web', vip: '10.43.0.2', port: 80, protocol: 'tcp', scheduler: 'rr', backends, ...over },
});

let now: number;
let written: string[];
let dump: string;
let loads: Map<string, IpvsLoad>;
let refusals: number;
let undone: string[];
let director: IpvsDirector;

const ipvs: IpvsHost = {
  ipvsFault: () => Promise.resolve(undefined),
  readIpvs: () => Promise.resolve(parseIpvs(dump)),
  readIpvsLoads: () => Promise.resolve(loads),
  readIpvsStats: () => Promise.resolve(new Map()),
  changeIpvs: (lines) => {
    if (refusals-- > 0) return Promise.reject(new Error('No such service'));
    written.push(...lines);
    return Promise.resolve();
  },
  holdIpvsTimeouts: () =>
    Promise.resolve((isLeft) => Promise.resolve(void undone.push(isLeft ? 'times left' : 'times'))),
  setIpvsSettings: () => (isLeft) => void undone.push(isLeft ? 'settings left' : 'settings'),
};

describe('what is kept in IPVS', () => {
  beforeEach(() => {
    vi.useFakeTimers();
    [now, written, dump, refusals, undone] = [0, [], '', 0, []];
    loads = new Map();
    director = new IpvsDirector({ ipvs, log: { warn: () => undefined }, now: () => now });
  });
  afterEach(() => {
    director.stop();
    vi.useRealTimers();
  });

  it('is, at the start, the difference to what the kernel has; other pools are left alone', async () => {
    dump = `-A ${AT} -s rr\n-a ${AT} -r 10.88.0.10:8080 -m -w 1\n-A -t 10.99.0.1:80 -s rr\n-A -t 10.43.0.9:80 -s rr`;
    await director.write(POOL, [web([backend(0), backend(1)])]);
    expect(written).toEqual([`-a ${AT} -r 10.88.0.11:8080 -m -w 1 -x 0 -y 0`, '-D -t 10.43.0.9:80']);
  });

  it('has a task that leaves with weight 0, until it has no connection', async () => {
    await director.write(POOL, [web([backend(0), backend(1)])]);
    written = [];
    loads.set(`${AT} 10.88.0.11:8080`, { active: 1, inactive: 0 });
    await director.write(POOL, [web([backend(0)])]);
    expect(written).toEqual([`-e ${AT} -r 10.88.0.11:8080 -m -w 0 -x 0 -y 0`]);
    await vi.advanceTimersByTimeAsync(3000);
    expect(written).toHaveLength(1);
    loads.clear();
    await vi.advanceTimersByTimeAsync(1000);
    expect(written.slice(1)).toEqual([`-d ${AT} -r 10.88.0.11:8080`]);
  });

  it('ends a task that leaves by its deadline, of a service that is gone too', async () => {
    loads.set(`${AT} 10.88.0.10:8080`, { active: 1, inactive: 0 });
    await director.write(POOL, [web([backend(0)], { timeouts: { drain: 5000 } })]);
    await director.write(POOL, []);
    expect(written.at(-1)).toBe(`-e ${AT} -r 10.88.0.10:8080 -m -w 0 -x 0 -y 0`);
    now = 4999;
    await vi.advanceTimersByTimeAsync(1000);
    expect(written.at(-1)).toContain('-w 0');
    now = 5000;
    await vi.advanceTimersByTimeAsync(1000);
    expect(written.at(-1)).toBe(`-D ${AT}`);
  });

  it('has a task again that comes back while it leaves', async () => {
    loads.set(`${AT} 10.88.0.11:8080`, { active: 1, inactive: 0 });
    await director.write(POOL, [web([backend(0), backend(1)])]);
    await director.write(POOL, [web([backend(0)])]);
    await director.write(POOL, [web([backend(0), backend(1)])]);
    expect(written.at(-1)).toBe(`-e ${AT} -r 10.88.0.11:8080 -m -w 1 -x 0 -y 0`);
    now = 3_600_000;
    await vi.advanceTimersByTimeAsync(5000);
    expect(written.at(-1)).toContain('-w 1');
  });

  it('is read again where the kernel refuses a difference, and reported where that is refused as well', async () => {
    await director.write(POOL, [web([backend(0)])]);
    [written, refusals] = [[], 1];
    await director.write(POOL, [web([backend(1)])]);
    expect(written).toEqual([`-A ${AT} -s rr`, `-a ${AT} -r 10.88.0.11:8080 -m -w 1 -x 0 -y 0`]);
    refusals = 2;
    await expect(director.write(POOL, [web([backend(2)])])).rejects.toThrow('No such service');
  });

  it('is removed at the end, and what was set is restored', async () => {
    await director.write(POOL, [web([backend(0)])]);
    dump = written.join('\n');
    await director.end();
    expect(written.at(-1)).toBe(`-D ${AT}`);
    expect(undone).toEqual(['times', 'settings']);
  });

  it('stays when the daemon ends, and so does what was set: the next one is told', async () => {
    await director.write(POOL, [web([backend(0)])]);
    written = [];
    director.stop();
    expect([written, undone]).toEqual([[], ['settings left', 'times left']]);
  });

  it('is not removed by a director that another one has followed, which restores what both have set', async () => {
    await director.write(POOL, [web([backend(0)])]);
    const next = new IpvsDirector({ ipvs, log: { warn: () => undefined }, now: () => now });
    await next.write(POOL, [web([backend(0)])]);
    [written, undone] = [[], []];
    await director.end();
    expect([written, undone]).toEqual([[], []]);
    await next.end();
    expect(undone).toEqual(['times', 'settings', 'times', 'settings']);
  });

  it('has all schedulers but one, weights, limits and affinity', () => {
    expect(SCHEDULERS.filter((each) => !isIpvsScheduler(each))).toEqual(['twos']);
    const backends = [backend(0, { weight: 5, maxConnections: 7 }), backend(1, { state: 'draining' })];
    expect(ipvsTableOf([web(backends, { scheduler: 'mh-port', affinity: { timeout: 60 } })]).get(AT)).toEqual(
      {
        ...{ scheduler: 'mh', flags: ['mh-fallback', 'mh-port'], persistent: 60 },
        destinations: new Map([
          ['10.88.0.10:8080', { weight: 5, upper: 7, lower: 7 }],
          ['10.88.0.11:8080', { weight: 0, upper: 0, lower: 0 }],
        ]),
      },
    );
  });
});
