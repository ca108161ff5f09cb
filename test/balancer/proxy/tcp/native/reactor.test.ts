import { describe, expect, it } from 'vitest';
import { DescriptorTable } from '../../../../../src/balancer/proxy/tcp/native/descriptor-table.js';
import { Reactor, type Watcher } from '../../../../../src/balancer/proxy/tcp/native/reactor.js';
import { EPOLL } from '../../../../../src/linux/epoll.js';
import { EventFd } from '../../../../../src/linux/event-fd.js';
import { loadLibc, type Libc } from '../../../../../src/linux/libc.js';

const loaded = await loadLibc();

describe.skipIf('unavailable' in loaded)('a reactor', () => {
  const libc = loaded as Libc;
  const setUp = () => {
    const clock = { now: 0 };
    const table = new DescriptorTable(DescriptorTable.memory(4096), 1);
    const reactor = new Reactor(libc, table, () => clock.now);
    const bells: EventFd[] = [];
    const ring = (): EventFd => {
      const bell = new EventFd(libc);
      bell.ring();
      bells.push(bell);
      return bell;
    };
    return { clock, reactor, ring };
  };

  it('reports an event only to the watcher at that time, even if the descriptor number was reused', () => {
    const { reactor, ring } = setUp();
    const told: string[] = [];
    const watcher = (name: string, then: () => void = () => undefined): Watcher => ({
      tag: 0,
      onEvents() {
        told.push(name);
        then();
      },
    });
    const [first, second] = [ring(), ring()];
    const doomed = watcher('doomed');
    const opened: EventFd[] = [];
    const closer = watcher('closer', () => {
      reactor.close(second.fd, doomed);
      // The lowest number that is free is given first; the rest of the process may have lower ones.
      do opened.push(new EventFd(libc));
      while (opened.at(-1)?.fd !== second.fd && opened.length < 1000);
      reactor.watch(second.fd, EPOLL.IN, watcher('successor'));
    });
    reactor.watch(first.fd, EPOLL.IN | EPOLL.ET, closer);
    reactor.watch(second.fd, EPOLL.IN | EPOLL.ET, doomed);
    reactor.turn(0);
    expect(opened.at(-1)?.fd).toBe(second.fd);
    expect(told).toEqual(['closer']);
    opened.at(-1)?.ring();
    reactor.turn(0);
    expect(told).toEqual(['closer', 'successor']);
    reactor.end();
    for (const each of [first, ...opened]) each.close();
  });

  it('resumes postponed work in the next turn, without waiting', () => {
    const { reactor } = setUp();
    const resumed: number[] = [];
    const again = (count: number): void =>
      reactor.again({
        resume() {
          resumed.push(count);
          if (count < 3) again(count + 1);
        },
      });
    again(1);
    for (let turn = 1; turn <= 3; turn++) {
      reactor.turn(60_000);
      expect(resumed).toHaveLength(turn);
    }
    reactor.end();
  });

  it('wakes deadlines when they are due, and reports that', () => {
    const { clock, reactor } = setUp();
    let expired = 0;
    const item = { tick: undefined, expire: () => (expired++, Infinity) };
    reactor.wheel.schedule(item, 250);
    clock.now = 99;
    expect(reactor.turn(0)).toBe(false);
    clock.now = 200;
    expect(reactor.turn(0)).toBe(true);
    expect(expired).toBe(0);
    clock.now = 350;
    expect(reactor.turn(0)).toBe(true);
    expect(expired).toBe(1);
    reactor.end();
  });
});

it('finds the descriptors of an ended thread, and no others', () => {
  const memory = DescriptorTable.memory(100);
  const [main, first, second] = [0, 1, 2].map((owner) => new DescriptorTable(memory, owner + 1));
  if (!main || !first || !second) throw new Error('there are three');
  for (const fd of [5, 7, 99]) expect(first.take(fd)).toBe(true);
  for (const fd of [6, 8]) expect(second.take(fd)).toBe(true);
  expect(first.take(100)).toBe(false);
  first.give(7);
  expect(main.reclaim(2)).toEqual([5, 99]);
  expect(main.reclaim(2)).toEqual([]);
  expect(main.reclaim(3)).toEqual([6, 8]);
});
