import type { ExecCheck } from '../check.js';
import {
  failed,
  failedWith,
  oneLine,
  passed,
  type Probe,
  type ProbeResult,
  type ProbeTarget,
} from './probe.js';
import { settleOnce } from './settle.js';
import { errorMessage } from '../../net/error-message.js';

export interface ExecOutcome {
  readonly exitCode: number;
  /** The beginning of its output, standard output and error together. */
  readonly output: string;
}

/**
 * Runs a program in a task. An adapter follows these rules: it runs `argv` directly, without a shell. It keeps at most
 * `maxOutput` bytes of output and discards the rest. It rejects if the program could not be started, for example if the
 * container or the program does not exist. When the signal is aborted, it abandons the program, and kills it if
 * possible.
 */
export interface ExecPort {
  exec(
    task: string,
    argv: readonly string[],
    options: {
      /** Added to the container's own environment. */
      readonly env: Readonly<Record<string, string>>;
      readonly maxOutput: number;
      readonly signal: AbortSignal;
    },
  ): Promise<ExecOutcome>;
}

const MAX_OUTPUT = 4096;

/**
 * Runs the command in the container; exit status 0 passes. The environment variables are the same as with registrator.
 */
export function execProbe(check: ExecCheck, port: ExecPort): Probe {
  return (target, signal) =>
    settleOnce(signal, (settle) => {
      settle.when = 'executing';
      port.exec(target.task, check.argv, { env: environmentOf(target), maxOutput: MAX_OUTPUT, signal }).then(
        ({ exitCode, output }) => {
          const said = oneLine(output);
          const text = said === '' ? `exit ${exitCode}` : `exit ${exitCode}: ${said}`;
          settle.done(exitCode === 0 ? passed(text) : failed(text));
        },
        (error: unknown) => settle.done(notRun(error)),
      );
      return { close: () => undefined };
    });
}

/** Why it could not be run. `EAGAIN` marks a fault of the engine, which says nothing about the task. */
function notRun(error: unknown): ProbeResult {
  const result = failed(oneLine(errorMessage(error)));
  return failedWith(error).local ? { ...result, local: true } : result;
}

function environmentOf({ ip, port }: ProbeTarget): Readonly<Record<string, string>> {
  return { SERVICE_IP: ip, ...(port > 0 && { SERVICE_PORT: String(port) }) };
}
