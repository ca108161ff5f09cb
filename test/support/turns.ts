import { setImmediate as turn } from 'node:timers/promises';

/** Lets the event loop go round: what loopback has delivered to this thread by now is then handled. */
export async function turns(count: number): Promise<void> {
  for (let done = 0; done < count; done++) await turn();
}

/** Resolves when a value, which this thread alone changes, has stayed the same for a hundred turns of the event loop. */
export async function stopsChanging(read: () => number): Promise<void> {
  for (let same = 0, last = read(); same < 100; same++) {
    await turn();
    const now = read();
    if (now !== last) [same, last] = [0, now];
  }
}
