import { spawn, type ChildProcess } from 'node:child_process';
import { closeSync, openSync, readdirSync, readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { SEARCH_PATH } from './workshop.js';

/** A program of the bench's, on one core; all that were started end with the bench. */
export interface Started {
  readonly pid: number;
  readonly child: ChildProcess;
  /** Why it is not running any more, with the last line of what it wrote; undefined: it runs. */
  ended(): string | undefined;
  stop(): Promise<void>;
}

export interface Program {
  readonly command: string;
  readonly args: readonly string[];
  /** Whether messages are exchanged with it (Node.js programs only). */
  readonly ipc?: boolean;
}

const running = new Set<ChildProcess>();
/** USER_HZ, the same on every Linux. */
const TICKS_PER_SECOND = 100;

/** Ends everything at once; for when the bench itself is told to end. */
export function stopAll(): void {
  for (const child of running) child.kill('SIGKILL');
}

/** @param log the file that takes what it writes on both outputs */
export function start({ command, args, ipc = false }: Program, core: number, log: string): Started {
  const output = openSync(log, 'w');
  const child = spawn('taskset', ['-c', String(core), command, ...args], {
    env: { ...process.env, PATH: SEARCH_PATH },
    stdio: ['ignore', output, output, ...(ipc ? (['ipc'] as const) : [])],
  });
  closeSync(output);
  running.add(child);
  let reason: string | undefined;
  const gone = new Promise<void>((resolve) => {
    const end = (text: string) => {
      running.delete(child);
      reason = text;
      resolve();
    };
    child.once('error', (error) => end(error.message));
    child.once('exit', (code, signal) => {
      const last = readFileSync(log, 'utf8').trim().split('\n').at(-1) ?? '';
      end(`it ended with ${signal ?? `status ${code ?? 'none'}`}${last === '' ? '' : `: ${last}`}`);
    });
  });
  return {
    pid: child.pid ?? 0,
    child,
    ended: () => reason,
    async stop() {
      child.kill('SIGTERM');
      await Promise.race([gone, sleep(5000, undefined, { ref: false })]);
      child.kill('SIGKILL');
      await gone;
    },
  };
}

/** User and system time of a process and those that it started, in microseconds (proc(5), stat). */
export function cpuTime(pid: number): number {
  const ticks = family(pid).map((member) => {
    const fields = statOf(member);
    return Number(fields[11]) + Number(fields[12]);
  });
  return (sum(ticks) / TICKS_PER_SECOND) * 1e6;
}

/** Resident memory now and at its highest, in MB. Pages that several processes of a server share count for each. */
export function memoryOf(pid: number): { readonly rss: number; readonly peak: number } {
  const statuses = family(pid).map((member) => read(`/proc/${member}/status`));
  const total = (key: string) =>
    sum(statuses.map((text) => Number(new RegExp(`^${key}:\\s+(\\d+)`, 'm').exec(text)?.[1] ?? 0))) / 1024;
  return { rss: total('VmRSS'), peak: total('VmHWM') };
}

function family(pid: number): number[] {
  const all = readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map((name) => [Number(name), Number(statOf(Number(name))[1])] as const);
  const members = [pid];
  for (const member of members)
    members.push(...all.filter(([, parent]) => parent === member).map(([id]) => id));
  return members;
}

/** The fields after the program's name, which may hold anything: the state is the first. */
function statOf(pid: number): string[] {
  const text = read(`/proc/${pid}/stat`);
  return text.slice(text.lastIndexOf(')') + 2).split(' ');
}

/** Empty when the process has just ended. */
function read(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}

const sum = (numbers: readonly number[]): number => numbers.reduce((total, number) => total + number, 0);
