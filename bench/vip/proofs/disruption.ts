// How many clients come to another task when one of several leaves or joins, with the schedulers that go by their address.
import { backend, PLANE_PORT, type Plane } from './plane.js';
import { listen, portOf } from './task.js';
import { addresses, visit } from './visit.js';

const TASKS = 10;
const AT_ONCE = 32;
const SCHEDULERS = ['sh', 'mh'] as const;

interface Moves {
  /** The part of all clients whose task is another. */
  readonly moved: number;
  /** The part that has to move: those of one task of as many as there are. */
  readonly ideal: number;
  /** The part that moved although its task stayed, or to another than the one that joined. */
  readonly needless: number;
}

export type DisruptionBench = Readonly<
  Record<(typeof SCHEDULERS)[number], { readonly leave: Moves; readonly join: Moves }>
>;

/** @param count clients, each with an address of its own */
export async function benchDisruption(plane: Plane, count: number): Promise<DisruptionBench> {
  const clients = addresses(count);
  const names = Array.from({ length: TASKS + 1 }, (_, index) => `t${index}`);
  const tasks = await Promise.all(names.map(async (name) => ({ name, server: await listen(name) })));
  const all = tasks.map(({ name, server }) => backend(name, portOf(server)));
  const [leaver, newcomer] = [names[3] ?? '', names[TASKS] ?? ''];
  const result: [string, { leave: Moves; join: Moves }][] = [];
  try {
    for (const scheduler of SCHEDULERS) {
      const now = async (but: readonly string[]): Promise<readonly string[]> => {
        await plane.carry(
          scheduler,
          all.filter(({ id }) => !but.includes(id)),
        );
        return taskOfEach(clients);
      };
      const before = await now([newcomer]);
      const left = await now([newcomer, leaver]);
      const joined = await now([leaver]);
      result.push([
        scheduler,
        {
          leave: compare(before, left, (from) => from !== leaver),
          join: compare(left, joined, (_, to) => to !== newcomer),
        },
      ]);
    }
  } finally {
    for (const { server } of tasks) server.close();
  }
  return Object.fromEntries(result) as DisruptionBench;
}

function compare(
  before: readonly string[],
  after: readonly string[],
  isNeedless: (from: string, to: string) => boolean,
): Moves {
  const moves = before.flatMap((from, index) => {
    const to = after[index] ?? '';
    return from === to ? [] : [isNeedless(from, to)];
  });
  return {
    moved: moves.length / before.length,
    ideal: 1 / TASKS,
    needless: moves.filter(Boolean).length / before.length,
  };
}

async function taskOfEach(clients: readonly string[]): Promise<string[]> {
  const found: string[] = [];
  const left = clients.entries();
  const lane = async (): Promise<void> => {
    for (const [index, address] of left) {
      const { task, socket } = await visit(PLANE_PORT, address);
      found[index] = task;
      socket.destroy();
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, lane));
  return found;
}
