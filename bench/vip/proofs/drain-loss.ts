// What is lost while tasks are replaced one by one, the new one first: each drains, is told to stop, and goes.
import { setTimeout as pause } from 'node:timers/promises';
import { backend, PLANE_PORT, type Plane } from './plane.js';
import { startTask, type Task } from './task.js';
import { startTraffic } from './traffic.js';

const TASKS = 3;
const SETTLE_MS = 500;

export interface DrainBench {
  readonly tasks_replaced: number;
  readonly connections: number;
  readonly connections_lost: number;
  readonly kept_requests: number;
  readonly kept_requests_lost: number;
}

export async function benchDrainLoss(own: string, plane: Plane): Promise<DrainBench> {
  const tasks: Task[] = [];
  for (let number = 0; number < TASKS; number++) tasks.push(await startTask(own, `old${number}`));
  const carry = (draining?: Task): Promise<void> =>
    plane.carry(
      'rr',
      tasks.map((task) => backend(task.id, task.port, 1, task === draining ? 'draining' : 'active')),
    );
  try {
    await carry();
    const traffic = startTraffic(PLANE_PORT);
    await pause(SETTLE_MS);
    for (let number = 0; number < TASKS; number++) {
      tasks.push(await startTask(own, `new${number}`));
      await carry();
      const [old] = tasks;
      await carry(old);
      await old?.stop();
      tasks.shift();
      await carry();
      await pause(SETTLE_MS);
    }
    const seen = await traffic.end();
    const [fresh, kept] = [
      seen.filter(({ kind }) => kind === 'new'),
      seen.filter(({ kind }) => kind === 'kept'),
    ];
    return {
      tasks_replaced: TASKS,
      connections: fresh.length,
      connections_lost: fresh.filter(({ task }) => task === undefined).length,
      kept_requests: kept.length,
      kept_requests_lost: kept.filter(({ task }) => task === undefined).length,
    };
  } finally {
    await Promise.all(tasks.map((task) => task.kill()));
  }
}
