import { readdirSync, readFileSync } from 'node:fs';
import type { Libc } from './libc.js';
import { ofArchitecture } from './numbers.js';

const WAIT4 = ofArchitecture({ x64: 61, arm64: 260 });
const WNOHANG = 1;

/** Between two looks, in milliseconds. */
const LOOK_MS = 5000;

/**
 * Takes away ended processes that became children of this one because their own parents ended: the work of process 1
 * of a container. Node waits for the children that it started itself, as soon as they end. So an ended child that two
 * looks in a row find is not one of Node's, and may be waited for here.
 */
export class OrphanReaper {
  readonly #libc: Libc;
  readonly #timer: NodeJS.Timeout;
  #seen = new Set<string>();

  constructor(libc: Libc, everyMs = LOOK_MS) {
    this.#libc = libc;
    this.#timer = setInterval(() => this.look(), everyMs).unref();
  }

  /** @returns how many were taken away */
  look(): number {
    const ended = endedChildren(process.pid);
    const foreign = ended.filter((child) => this.#seen.has(child.key));
    this.#seen = new Set(ended.map(({ key }) => key));
    return foreign.filter(({ pid }) => this.#libc.syscall(WAIT4, pid, 0, WNOHANG, 0, 0) === pid).length;
  }

  stop(): void {
    clearInterval(this.#timer);
  }
}

/** Children of a process that have ended and that it has not waited for. The key tells two of one number apart. */
function endedChildren(parent: number): { pid: number; key: string }[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => {
      const stat = readStat(name);
      // The name of the program is in parentheses and may have any characters.
      const [state, ppid, ...rest] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
      const startTime = rest[17] ?? '';
      return state === 'Z' && Number(ppid) === parent
        ? [{ pid: Number(name), key: `${name} ${startTime}` }]
        : [];
    });
}

/** Empty when the process is gone. */
function readStat(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/stat`, 'utf8');
  } catch {
    return '';
  }
}
