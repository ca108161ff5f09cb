// How long clients notice that a task was killed, when nobody tells the proxy: what its own attempts at another task are worth.
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { CORE, IP, STREAM_MODULE } from '../contestants.js';
import { backend, PLANE_PORT, startPlane } from './plane.js';
import { startTask, type Task } from './task.js';
import { startTraffic, type Seen } from './traffic.js';
import { visit } from './visit.js';

const TASKS = 3;
const DEATHS = 3;
const BEFORE_MS = 1000;
const AFTER_MS = 3000;
const PROXIES = ['fairlead', 'haproxy', 'nginx'] as const;
type Proxy = (typeof PROXIES)[number];

export interface FailOver {
  readonly deaths: number;
  /** From the death of a task to the last error of a client that was not connected to it, the longest; 0: there was none. */
  readonly ms: number;
  readonly errors: number;
  /** Requests that a task had when it died, which nobody can save. */
  readonly own_lost: number;
  /** The longest that any connection took to its answer after a death. */
  readonly worst_ms: number;
}

type Death = Omit<FailOver, 'deaths'>;

export type FailOverBench = Readonly<Record<Proxy, FailOver>>;

const haproxyConfig = (tasks: readonly Task[]): string => `global
  nbthread 1
defaults
  mode tcp
  balance roundrobin
  option redispatch 1
  retries 3
  timeout connect 2s
  timeout client 1h
  timeout server 1h
listen bench
  bind ${IP}:${PLANE_PORT}
${tasks.map(({ id, port }) => `  server ${id} ${IP}:${port}\n`).join('')}`;

const nginxConfig = (tasks: readonly Task[], folder: string): string => `load_module ${STREAM_MODULE};
daemon off;
master_process off;
pid ${folder}/nginx.pid;
error_log ${folder}/error.log crit;
events { worker_connections 4096; }
stream {
  upstream tasks { ${tasks.map(({ port }) => `server ${IP}:${port};`).join(' ')} }
  proxy_connect_timeout 2s;
  server { listen ${IP}:${PLANE_PORT} backlog=4096; proxy_pass tasks; }
}
`;

/** @param own the script that is a task or a plane when it is told to */
export async function benchFailOver(own: string): Promise<FailOverBench> {
  const result: [Proxy, FailOver][] = [];
  for (const proxy of PROXIES) {
    const deaths: Death[] = [];
    for (let death = 0; death < DEATHS; death++) deaths.push(await measure(own, proxy));
    const most = (of: (death: Death) => number): number => Math.max(...deaths.map(of));
    const sum = (of: (death: Death) => number): number => deaths.reduce((all, each) => all + of(each), 0);
    result.push([
      proxy,
      {
        deaths: DEATHS,
        ms: most(({ ms }) => ms),
        errors: sum(({ errors }) => errors),
        own_lost: sum(({ own_lost: lost }) => lost),
        worst_ms: most(({ worst_ms: worst }) => worst),
      },
    ]);
  }
  return Object.fromEntries(result) as FailOverBench;
}

async function measure(own: string, proxy: Proxy): Promise<Death> {
  const tasks: Task[] = [];
  for (let number = 0; number < TASKS; number++) tasks.push(await startTask(own, `t${number}`));
  const stop = await start(own, proxy, tasks);
  try {
    const traffic = startTraffic(PLANE_PORT);
    await pause(BEFORE_MS);
    const [victim] = tasks.splice(1, 1);
    const death = (await victim?.kill()) ?? 0;
    await pause(AFTER_MS);
    return judge(await traffic.end(), death, victim?.id ?? '');
  } finally {
    await stop();
    await Promise.all(tasks.map((task) => task.kill()));
  }
}

function judge(seen: readonly Seen[], death: number, victim: string): Death {
  const failed = seen.filter(({ task }) => task === undefined);
  // A new connection that was made before may have been the task's.
  const isOwn = ({ kind, before, at }: Seen): boolean => before === victim || (kind === 'new' && at < death);
  const own = failed.filter(isOwn);
  const errors = failed.filter((each) => !isOwn(each));
  const later = seen.filter(({ kind, at, ms }) => kind === 'new' && at + ms > death);
  return {
    ms: Math.max(0, ...errors.map(({ at, ms }) => at + ms - death)),
    errors: errors.length,
    own_lost: own.length,
    worst_ms: Math.max(0, ...later.map(({ ms }) => ms)),
  };
}

/** @returns stops it */
async function start(own: string, proxy: Proxy, tasks: readonly Task[]): Promise<() => Promise<void>> {
  if (proxy === 'fairlead') {
    const plane = startPlane(own);
    await plane.carry(
      'rr',
      tasks.map(({ id, port }) => backend(id, port)),
    );
    return () => plane.stop();
  }
  const folder = mkdtempSync(join(tmpdir(), 'fairlead-bench-fail-over-'));
  const file = join(folder, `${proxy}.conf`);
  writeFileSync(file, proxy === 'haproxy' ? haproxyConfig(tasks) : nginxConfig(tasks, folder));
  const command = proxy === 'haproxy' ? ['haproxy', '-db', '-f', file] : ['nginx', '-p', folder, '-c', file];
  const child = spawn('taskset', ['-c', CORE.proxy, ...command], { stdio: 'ignore' });
  await untilAnswered(proxy, child);
  return async () => {
    child.kill('SIGKILL');
    await once(child, 'exit');
    rmSync(folder, { recursive: true, force: true });
  };
}

async function untilAnswered(proxy: Proxy, child: ChildProcess): Promise<void> {
  for (let attempt = 0; attempt < 100; attempt++) {
    if (child.exitCode !== null) throw new Error(`${proxy} ended with status ${child.exitCode} at its start`);
    const answered = await visit(PLANE_PORT).catch(() => undefined);
    answered?.socket.destroy();
    if (answered) return;
    await pause(50);
  }
  throw new Error(`${proxy} does not answer on ${IP}:${PLANE_PORT} after 5 s`);
}
