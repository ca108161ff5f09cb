import { readFileSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import { readFrames } from './attach-frames.js';
import { DockerError, type DockerPort } from './port.js';
import { rawNumber, rawObject, type Raw } from './raw.js';
import { printable } from '../../text/printable.js';
import { errorMessage } from '../../net/error-message.js';

export interface ExecOptions {
  /** Added to the container's own environment. */
  readonly env: Readonly<Record<string, string>>;
  /** Bytes of output that are kept; the rest is read and thrown away. */
  readonly maxOutput: number;
  /** Ends the wait, and the program where that is possible. */
  readonly signal: AbortSignal;
}

/** Runs programs in containers. */
export interface ContainerExec {
  /**
   * Runs `argv` as it is, without a shell.
   * @param task the container's whole id
   * @returns how it ended, and the beginning of what it wrote, output and error together
   * @throws ExecError when it could not be run
   */
  exec(
    task: string,
    argv: readonly string[],
    options: ExecOptions,
  ): Promise<{ readonly exitCode: number; readonly output: string }>;
}

/** A program that could not be run. */
export class ExecError extends Error {
  override readonly name = 'ExecError';
  /** `EAGAIN`: for a reason of the engine's, which says nothing of the container. */
  readonly code: 'EAGAIN' | undefined;

  constructor(message: string, code?: 'EAGAIN') {
    super(message);
    this.code = code;
  }
}

/** Milliseconds between two looks at a program whose output has ended: at first, and at most. */
const firstLook = 10;
const longestLook = 500;

/** Runs programs in the containers of an engine for as long as there is a connection to it. */
export class EngineExec implements ContainerExec {
  readonly #kill: (pid: number, container: string) => void;
  #port: DockerPort | undefined;
  /** Container to the exec in it that may still run. */
  readonly #begun = new Map<string, string>();

  constructor(kill: (pid: number, container: string) => void = killInContainer) {
    this.#kill = kill;
  }

  /** @param port undefined: the engine is away */
  use(port: DockerPort | undefined): void {
    this.#port = port;
    this.#begun.clear();
  }

  async exec(
    task: string,
    argv: readonly string[],
    { env, maxOutput, signal }: ExecOptions,
  ): Promise<{ readonly exitCode: number; readonly output: string }> {
    const port = this.#port;
    if (port === undefined) throw new ExecError('the Docker engine is away', 'EAGAIN');
    if (!/^[0-9a-f]{12,64}$/.test(task)) throw new ExecError('it is no container of the Docker engine');
    const variables = Object.entries(env).map(([name, value]) => `${name}=${value}`);
    try {
      // The engine never ends what it was asked to run: without this, programs that hang would pile up.
      if (await this.#end(port, task, signal)) throw new ExecError('its last run has not ended yet');
      const id = await port.createExec(task, { argv, env: variables }, signal);
      this.#begun.set(task, id);
      const output = await readFrames(await port.startExec(id, signal), maxOutput);
      const exitCode = await exitCodeOf(port, id, signal);
      this.#begun.delete(task);
      return { exitCode, output };
    } catch (error) {
      if (signal.aborted) void this.#end(port, task, new AbortController().signal).catch(() => undefined);
      throw asExecError(error);
    }
  }

  /** Kills what still runs of an earlier call. @returns whether there was anything */
  async #end(port: DockerPort, container: string, signal: AbortSignal): Promise<boolean> {
    const id = this.#begun.get(container);
    if (id === undefined) return false;
    const state = await inspect(port, id, signal);
    if (state?.Running !== true) {
      this.#begun.delete(container);
      return false;
    }
    const pid = rawNumber(state.Pid);
    if (pid !== undefined) this.#kill(pid, container);
    return true;
  }
}

/** The output may end before the program does. */
async function exitCodeOf(port: DockerPort, id: string, signal: AbortSignal): Promise<number> {
  for (let wait = firstLook; ; wait = Math.min(wait * 2, longestLook)) {
    const state = await inspect(port, id, signal);
    if (state?.Running !== true) {
      const code = rawNumber(state?.ExitCode);
      if (code === undefined) throw new ExecError('the engine does not tell how it ended', 'EAGAIN');
      return code;
    }
    await pause(wait, undefined, { signal });
  }
}

/** @returns undefined when the engine has forgotten it */
async function inspect(port: DockerPort, id: string, signal: AbortSignal): Promise<Raw | undefined> {
  try {
    return rawObject(await port.inspectExec(id, signal));
  } catch (error) {
    if (error instanceof DockerError && error.status === 404) return undefined;
    throw error;
  }
}

function asExecError(error: unknown): ExecError {
  if (error instanceof ExecError) return error;
  const message = errorMessage(error);
  const isAnswer = error instanceof DockerError && error.status !== undefined && error.status < 500;
  return isAnswer ? new ExecError(message) : new ExecError(`Docker engine: ${printable(message)}`, 'EAGAIN');
}

/**
 * Kills a process if it is the container's. Its number is that of the engine's namespace: where that is not ours, and
 * when it has ended meanwhile, it may be anybody's. A process's control groups name its container.
 */
export function killInContainer(pid: number, container: string): void {
  if (!Number.isInteger(pid) || pid < 2) return;
  try {
    if (readFileSync(`/proc/${pid}/cgroup`, 'utf8').includes(container)) process.kill(pid, 'SIGKILL');
  } catch {
    // It has ended, or is not ours to end.
  }
}
