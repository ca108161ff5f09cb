import { describe, expect, it, onTestFinished } from 'vitest';
import { createConsulSource } from '../../../src/sources/consul/consul-source.js';
import { EdgeConsul, type Fault } from '../../consul/edge-consul.js';
import { HeldQueryTimers } from '../../consul/held-query-timers.js';
import { MemorySink } from '../docker/memory-sink.js';

const HOUR = 3_600_000;
const SERVICES = 50;
/** Within this time everything is right again, in milliseconds. */
const SOON = 2000;

const many = Object.fromEntries(
  Array.from({ length: SERVICES }, (_, at) => [`s${at}`, [`192.0.2.${at + 1}`]] as const),
);
/** Another address, a service that is gone, and a new one. */
const kept = Object.fromEntries(Object.entries(many).filter(([name]) => name !== 's2'));
const changed = { ...kept, s1: ['198.51.100.1', '198.51.100.2'], new: ['198.51.100.3'] };

async function world() {
  const timers = new HeldQueryTimers();
  // A sequence of its own, so that every run is the same.
  let seed = 1;
  timers.random = () => (seed = (seed * 16_807) % 2_147_483_647) / 2_147_483_647;
  const consul = new EdgeConsul(timers);
  consul.have(many);
  const sink = new MemorySink();
  const source = createConsulSource({
    ...{ consul: { address: consul.address }, client: consul, timers },
    ...{ services: 'all', environment: 'default', stack: 'consul' },
  });
  const started = source.start(sink);
  await timers.advance(3000);
  await started;
  onTestFinished(() => source.stop());
  const shown = () =>
    [...sink.tasks.values()].map(({ id, endpoints }) => `${id} ${endpoints[0]?.ip ?? ''}`).sort();
  const expected = (services: Readonly<Record<string, readonly string[]>>) =>
    Object.entries(services)
      .flatMap(([name, ips]) => ips.map((ip, at) => `consul:dc1/n1/${name}-${at} ${ip}`))
      .sort();
  expect(shown()).toEqual(expected(many));
  return { timers, consul, sink, shown, expected };
}

/** The most requests in any window of so many milliseconds since a time. */
function rush(requests: readonly number[], since: number, window: number): number {
  const later = requests.filter((at) => at >= since);
  return Math.max(...later.map((from) => later.filter((at) => at >= from && at < from + window).length));
}

describe('while Consul is away', () => {
  it.each<[Fault, RegExp]>([
    ['refused', /^http:\/\/consul\.test:8500: connect ECONNREFUSED$/],
    ['errors', /No cluster leader \(HTTP 500\)$/],
    ['no-leader', /^Consul has no leader at the moment$/],
    ['silent', /no answer within \d+ s$/],
  ])('%s, for an hour: the answers stay, and are right soon after its return', async (fault, error) => {
    const { timers, consul, sink, shown, expected } = await world();
    const before = consul.requests.length;
    consul.fail(fault);
    await timers.advance(HOUR);
    expect(shown()).toEqual(expected(many));
    expect(sink.statuses.at(-1)).toMatchObject({
      state: 'stale',
      asOf: expect.any(Number) as number,
      error: expect.stringMatching(error) as string,
    });
    // Whatever the number of services, one request at a time looks whether it is back.
    expect(consul.requests.length - before).toBeLessThan(2 * (HOUR / 1000) + 2 * SERVICES);
    consul.have(changed);
    const back = timers.now();
    consul.recover();
    await timers.advance(SOON);
    expect(shown()).toEqual(expected(changed));
    expect(sink.state).toBe('live');
    // Each asks twice, for what is there and for what comes; they do not do so all at once.
    expect(rush(consul.requests, back, 50)).toBeLessThan(SERVICES);
  });

  it('an election of three seconds changes no answer', async () => {
    const { timers, consul, sink, shown, expected } = await world();
    const { length } = sink.updates;
    consul.fail('no-leader');
    await timers.advance(3000);
    consul.recover();
    await timers.advance(SOON);
    expect(shown()).toEqual(expected(many));
    expect([sink.state, sink.updates.length]).toEqual(['live', length]);
  });

  it('an index that goes back is followed, with what changed meanwhile', async () => {
    const { timers, consul, shown, expected } = await world();
    consul.have(changed);
    consul.recover(7n);
    await timers.advance(SOON);
    expect(shown()).toEqual(expected(changed));
    consul.have(many);
    await timers.advance(SOON);
    expect(shown()).toEqual(expected(many));
  });

  it('an agent that comes back with empty state is believed when it has a leader, and what is registered again is there', async () => {
    const { timers, consul, shown, expected } = await world();
    consul.fail('no-leader');
    consul.have({});
    await timers.advance(5000);
    expect(shown()).toEqual(expected(many));
    consul.recover(1n);
    await timers.advance(SOON);
    expect(shown()).toEqual([]);
    consul.have(many);
    await timers.advance(SOON);
    expect(shown()).toEqual(expected(many));
  });
});
