import { expect, it } from 'vitest';
import type { PipePool } from '../../../../../src/balancer/proxy/tcp/native/pipe-pool.js';
import type { Reactor, Resumable } from '../../../../../src/balancer/proxy/tcp/native/reactor.js';
import { Side } from '../../../../../src/balancer/proxy/tcp/native/side.js';
import { EPOLL } from '../../../../../src/linux/epoll.js';
import { ERRNO, PeerAddress, RECEIVE_SIZE } from '../../../../../src/linux/tcp-calls.js';

const MIB = 1024 * 1024;
const ECONNRESET = 104;

/** A client's side from which octets never cease to come, and what it has put off. */
function endless() {
  let queue: Resumable[] = [];
  let moved = 0;
  const other = { takes: true, failed: [] as number[] };
  const calls = {
    buffer: new Uint8Array(RECEIVE_SIZE),
    receive: () => RECEIVE_SIZE,
    send: (_fd: number, octets: number) => octets,
    spliceIn: () => MIB / 4,
    spliceOut: (pipe: { held: number }) => (other.takes ? pipe.held : -ERRNO.EAGAIN),
    pendingError: () => ECONNRESET,
  };
  const reactor = { calls, again: (item: Resumable) => queue.push(item), close: () => undefined };
  const pipes = { take: () => ({ held: 0 }), give: () => undefined };
  const context = {
    reactor: reactor as unknown as Reactor,
    pipes: pipes as unknown as PipePool,
  };
  const [side, task] = [new Side(context, 1, new PeerAddress(0, 1)), new Side(context, 2)];
  [side.other, task.other] = [task, side];
  const owner = {
    opens: () => true,
    received: (_side: Side, octets: number) => void (moved += octets),
    ended: () => undefined,
    dropped: () => undefined,
    blocked: () => undefined,
    failed: (_side: Side, error: number) => void other.failed.push(error),
  };
  [side.owner, task.owner] = [owner, owner];
  /** As the reactor has it: what has happened, then what was put off in the turn before. */
  const turn = (events: number) => {
    const before = moved;
    const putOff = queue;
    queue = [];
    if (events !== 0) side.onEvents(events);
    for (const each of putOff) each.resume();
    return { moved: moved - before, queued: queue.length };
  };
  return { side, other, turn };
}

it('a stream gets one share of a turn, however many events arrive', () => {
  const { side, turn } = endless();
  for (let n = 0; n < 5; n++) {
    const { moved, queued } = turn(EPOLL.IN);
    expect(queued).toBe(1);
    expect(moved).toBeGreaterThanOrEqual(2 * MIB);
    expect(moved).toBeLessThan(2.5 * MIB);
  }
  expect(turn(0)).toMatchObject({ queued: 1 });
  side.close(false);
  expect(turn(0)).toEqual({ moved: 0, queued: 0 });
});

it('a reset that arrives while a stream waits for its turn is not lost if its task then accepts nothing', () => {
  const { other, turn } = endless();
  turn(EPOLL.IN);
  other.takes = false;
  turn(EPOLL.IN | EPOLL.ERR | EPOLL.HUP);
  expect(other.failed).toEqual([-ECONNRESET]);
});
