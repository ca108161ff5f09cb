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
  /** The most bytes of output to keep; the rest is read and discarded. */
  readonly maxOutput: number;
  /** Ends the wait, and the program if possible. */
  readonly signal: AbortSignal;
}

/** Runs programs in containers. */
export interface ContainerExec {
  /**
   * Runs `argv` directly, without a shell.
   * @param task the container's whole id
   * @returns how it ended, and the beginning of its output, standard output and error together
   * @throws ExecError if it could not be run
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
  /** `EAGAIN`: a fault of the engine, which says nothing about the container. */
  readonly code: 'EAGAIN' | undefined;

  constructor(message: string, code?: 'EAGAIN') {
    super(message);
    this.code = code;
  }
}

/** Milliseconds between two queries about a program whose output has ended: initially, and at most. */
const firstLook = 10;
const longestLook = 500;

/** Runs programs in the containers of an engine while there is a connection to it. */
export class EngineExec implements ContainerExec {
  readonly #kill: (pid: number, container: string) => void;
  #port: DockerPort | undefined;
  /** By container: the exec that may still run in it. */
  readonly #begun = new Map<string, string>();

  constructor(kill: (pid: number, container: string) => void = killInContainer) {
    this.#kill = kill;
  }

  /** @param port undefined if the engine is away */
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
    if (!/^[0-9a-f]{12,64}$/.test(task)) throw new ExecError('it is not a container of the Docker engine');
    const variables = Object.entries(env).map(([name, value]) => `${name}=${value}`);
    try {
      // The engine never ends a program that it was asked to run. Without this, hanging programs would pile up.
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

  /** Kills the program of an earlier call if it still runs. @returns whether there was one */
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
      if (code === undefined) throw new ExecError('the engine does not report how it ended', 'EAGAIN');
      return code;
    }
    await pause(wait, undefined, { signal });
  }
}

/** @returns undefined if the engine has forgotten it */
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
 * Kills a process if it belongs to the container. Its id is valid in the engine's namespace. If that namespace is not
 * ours, or the process has ended, the id may belong to any other process. The control groups of a process name its
 * container.
 */
export function killInContainer(pid: number, container: string): void {
  if (!Number.isInteger(pid) || pid < 2) return;
  try {
    if (readFileSync(`/proc/${pid}/cgroup`, 'utf8').includes(container)) process.kill(pid, 'SIGKILL');
  } catch {
    // It has ended, or this process may not end it.
  }
}
