// Runs the load of bench:vip (load.c) through one proxy and reads what it cost the proxy.
import { execFile, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { CORE, IP, TASK_PORT, type Running } from './contestants.js';

const run = promisify(execFile);

/** Ticks a second in /proc/PID/stat; 100 on every Linux that Node runs on. */
const TICKS = 100;

interface Requests {
  /** With those of the warm-up. */
  readonly all: number;
  readonly ops: number;
  readonly seconds: number;
  readonly failed: number;
  readonly p50_us: number;
  readonly p99_us: number;
}

interface Bulk {
  readonly bytes: number;
  readonly seconds: number;
  readonly failed: number;
  readonly wrong: number;
}

/** Compiles the load. @returns the program */
export function compileLoad(): string {
  const program = join(mkdtempSync(join(tmpdir(), 'fairlead-bench-load-')), 'load');
  execFileSync('gcc', ['-O2', '-o', program, resolve('bench/vip/load.c')], { stdio: 'inherit' });
  return program;
}

/** User and system time of a process, all of its threads, in seconds; 0 when there is none. */
function cpuSeconds(pid: number | undefined): number {
  if (pid === undefined) return 0;
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) / TICKS;
}

function residentKib(pid: number): number {
  return Number(/^VmRSS:\s*(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]);
}

async function load<Result>(
  program: string,
  mode: string,
  port: number,
  args: readonly number[],
): Promise<Result> {
  const command = ['-c', CORE.load, program, mode, IP, TASK_PORT, port, ...args].map(String);
  const { stdout } = await run('taskset', command, { timeout: 120_000 });
  return JSON.parse(stdout) as Result;
}

export interface RequestCost {
  readonly cpu_us: number;
  readonly per_second: number;
  readonly failed: number;
}

/** Many at a time, so that the proxy always has work: what one costs. */
export async function requestCost(
  program: string,
  { port, child }: Running,
  mode: 'conn' | 'ping',
  ms: number,
): Promise<RequestCost> {
  const before = cpuSeconds(child?.pid);
  const { all, ops, seconds, failed } = await load<Requests>(program, mode, port, [ms, 32]);
  const spent = cpuSeconds(child?.pid) - before;
  return { cpu_us: (spent * 1e6) / all, per_second: ops / seconds, failed };
}

export interface Latency {
  readonly p50_us: number;
  readonly p99_us: number;
}

/** One at a time, with nothing else under way: how long one takes. */
export async function latency(
  program: string,
  { port }: Running,
  mode: 'conn' | 'ping',
  ms: number,
): Promise<Latency> {
  const { p50_us, p99_us } = await load<Requests>(program, mode, port, [ms, 1]);
  return { p50_us, p99_us };
}

export interface BulkCost {
  readonly cpu_s_per_gib: number;
  readonly mib_per_second: number;
}

/** @throws Error when a byte was lost or changed */
export async function bulkCost(
  program: string,
  { name, port, child }: Running,
  gib: number,
): Promise<BulkCost> {
  const before = cpuSeconds(child?.pid);
  const { bytes, seconds, failed, wrong } = await load<Bulk>(program, 'bulk', port, [gib * 2 ** 30, 4]);
  if (bytes !== gib * 2 ** 30 || failed > 0 || wrong > 0)
    throw new Error(
      `${name}: of ${gib} GiB ${bytes} octets came, ${wrong} pieces of them wrong, ${failed} streams ended early`,
    );
  return {
    cpu_s_per_gib: (cpuSeconds(child?.pid) - before) / gib,
    mib_per_second: bytes / 2 ** 20 / seconds,
  };
}

/** Resident KiB that one open connection costs, when so many do nothing. The kernel's own memory is not in it. */
export async function idleKib(
  program: string,
  { name, port, child }: Running,
  count: number,
): Promise<number> {
  if (child?.pid === undefined) return 0;
  const settled = async (pid: number): Promise<number> => {
    // The two of Node collect their garbage when they are asked to; the others have none.
    if (name === 'fairlead' || name === 'pipe') child.stdin?.write('gc\n');
    await new Promise((done) => setTimeout(done, 500));
    return residentKib(pid);
  };
  const before = await settled(child.pid);
  const args = ['-c', CORE.load, program, 'idle', IP, TASK_PORT, port, count].map(String);
  const holder = spawn('taskset', args, { stdio: ['pipe', 'pipe', 'inherit'] });
  const opened = await Promise.race([
    once(holder.stdout, 'data'),
    once(holder, 'exit').then(() => undefined),
  ]);
  if (!opened) throw new Error(`${name}: ${count} connections could not be opened`);
  const after = await settled(child.pid);
  holder.stdin.end();
  await once(holder, 'exit');
  return (after - before) / count;
}
