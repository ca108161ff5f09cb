import { constants } from 'node:os';

/** A signal by its name, with or without `SIG`, in any case; undefined when this system has no such signal. */
export function readSignal(text: string): NodeJS.Signals | undefined {
  const name = text.toUpperCase();
  return SIGNALS.find((signal) => signal === name || signal === `SIG${name}`);
}

const SIGNALS = Object.keys(constants.signals) as NodeJS.Signals[];

/** The exit code that a shell gives for a program that a signal ended. */
export function exitCodeOf(signal: NodeJS.Signals): number {
  return 128 + constants.signals[signal];
}
