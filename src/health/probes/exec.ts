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
  /** The beginning of what it wrote, standard output and error together. */
  readonly output: string;
}

/**
 * Runs a program in a task. An adapter keeps to this: it runs `argv` as it is, without a shell; it reads at most
 * `maxOutput` octets and throws away the rest; it rejects when the program could not be started (no such container, no
 * such program); when the signal is aborted it lets go of the program, killing it if the runtime can.
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

/** Runs the command in the container; exit status 0 passes. The variables are those of registrator's scripts. */
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

/** Why it could not be run: `EAGAIN` marks a reason of the engine's, which says nothing of the task. */
function notRun(error: unknown): ProbeResult {
  const result = failed(oneLine(errorMessage(error)));
  return failedWith(error).local ? { ...result, local: true } : result;
}

function environmentOf({ ip, port }: ProbeTarget): Readonly<Record<string, string>> {
  return { SERVICE_IP: ip, ...(port > 0 && { SERVICE_PORT: String(port) }) };
}
