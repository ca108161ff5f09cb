import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { UdpSession } from '../../../../src/balancer/proxy/udp/udp-session.js';
import { UdpSessionTable } from '../../../../src/balancer/proxy/udp/udp-session-table.js';

/** What the table is to do, the slow way: sessions by age, unanswered ones apart. */
class Model {
  readonly capacity: number;
  unreplied: { name: string; at: number }[] = [];
  replied: { name: string; at: number }[] = [];

  constructor(capacity: number) {
    this.capacity = capacity;
  }

  get names(): string[] {
    return [...this.unreplied, ...this.replied].map(({ name }) => name);
  }

  remove(name: string): void {
    this.unreplied = this.unreplied.filter((each) => each.name !== name);
    this.replied = this.replied.filter((each) => each.name !== name);
  }

  add(name: string, at: number): void {
    if (this.names.length >= this.capacity) this.remove(this.names[0] ?? '');
    this.unreplied.push({ name, at });
  }

  touch(name: string, at: number): void {
    const isReplied = this.replied.some((each) => each.name === name);
    this.remove(name);
    (isReplied ? this.replied : this.unreplied).push({ name, at });
  }

  reply(name: string, at: number): void {
    this.remove(name);
    this.replied.push({ name, at });
  }

  expire(now: number, unreplied: number, replied: number): void {
    this.unreplied = this.unreplied.filter(({ at }) => unreplied === 0 || now - at < unreplied);
    this.replied = this.replied.filter(({ at }) => replied === 0 || now - at < replied);
  }
}

const nameOf = ({ address, port }: UdpSession): string => `${address} ${port}`;

describe('the UDP session table', () => {
  const client = fc.record({
    address: fc.constantFrom('10.0.0.1', '10.0.0.2', '10.0.1.0', '2001:db8::1', '2001:db8::2'),
    port: fc.constantFrom(1, 2, 256, 65_535),
  });
  const step = fc.oneof(
    { weight: 6, arbitrary: fc.record({ kind: fc.constant('client' as const), client }) },
    { weight: 3, arbitrary: fc.record({ kind: fc.constant('reply' as const), client }) },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant('end' as const), client }) },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant('expire' as const), client }) },
  );

  it('finds each client’s own session, ends idle ones, and never exceeds its capacity', () => {
    const timeouts = fc.record({
      unreplied: fc.constantFrom(Infinity, 3, 10),
      replied: fc.constantFrom(Infinity, 5, 20),
    });
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 8 }),
        timeouts,
        fc.array(step, { maxLength: 120 }),
        (capacity, times, steps) => {
          const evicted: string[] = [];
          const table = new UdpSessionTable(capacity, (session) => evicted.push(nameOf(session)));
          const model = new Model(capacity);
          let [added, ended] = [0, 0];
          for (const [
            now,
            {
              kind,
              client: { address, port },
            },
          ] of steps.entries()) {
            const name = `${address} ${port}`;
            const session = table.find(address, port);
            expect(session && nameOf(session)).toBe(model.names.includes(name) ? name : undefined);
            if (session) expect(table.findKey(session.key)).toBe(session);
            if (kind === 'client') {
              if (session) model.touch(name, now);
              else {
                model.add(name, now);
                added++;
              }
              table.touch(session ?? table.add(address, port, now), now);
            } else if (kind === 'reply' && session) {
              table.reply(session, now);
              model.reply(name, now);
            } else if (kind === 'end' && session) {
              expect(table.remove(session)).toBe(true);
              expect(table.remove(session)).toBe(false);
              ended++;
              model.remove(name);
            } else if (kind === 'expire') {
              table.expire(now, times, () => ended++);
              model.expire(now, times.unreplied, times.replied);
            }
            expect(table.size).toBeLessThanOrEqual(capacity);
            expect(Array.from(table.values(), nameOf).sort()).toEqual(model.names.sort());
            const victim = table.victim();
            expect(victim && nameOf(victim)).toBe((model.unreplied[0] ?? model.replied[0])?.name);
          }
          expect(evicted.length + ended + table.size).toBe(added);
        },
      ),
    );
  });

  it('holds 10,000 sessions and ends those that were idle longest', () => {
    const evicted: UdpSession[] = [];
    const table = new UdpSessionTable(10_000, (session) => evicted.push(session));
    const address = (n: number): string => `10.${n >> 16}.${(n >> 8) & 255}.${n & 255}`;
    for (let n = 0; n < 10_000; n++) table.reply(table.add(address(n), 53, n), n);
    // The first thousand speak again.
    for (let n = 0; n < 1000; n++) {
      const session = table.find(address(n), 53);
      if (session) table.touch(session, 10_000);
    }
    for (let n = 10_000; n < 15_000; n++) table.reply(table.add(address(n), 53, n), n);
    expect(table.size).toBe(10_000);
    expect(evicted.map(nameOf)).toEqual(Array.from({ length: 5000 }, (_, n) => `${address(1000 + n)} 53`));
    expect(table.find(address(0), 53)).toBeDefined();
  });

  it('gives up new unanswered sessions before answered ones', () => {
    const evicted: UdpSession[] = [];
    const table = new UdpSessionTable(3, (session) => evicted.push(session));
    table.reply(table.add('10.0.0.1', 1, 0), 0);
    for (let port = 1; port <= 100; port++) table.add('10.9.9.9', port, port);
    expect(table.find('10.0.0.1', 1)).toBeDefined();
    expect(table.victim(table.find('10.9.9.9', 99))).toBe(table.find('10.9.9.9', 100));
  });
});
