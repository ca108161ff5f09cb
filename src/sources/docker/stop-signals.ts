import { constants } from 'node:os';

const byName: Readonly<Record<string, number>> = constants.signals;

/** The number of a signal written as `15`, `TERM`, `SIGTERM` or `sigterm`. */
export function signalNumber(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  if (/^\d{1,2}$/.test(text)) return Number(text);
  const name = text.toUpperCase();
  const full = name.startsWith('SIG') ? name : `SIG${name}`;
  return Object.hasOwn(byName, full) ? byName[full] : undefined;
}

/**
 * Whether a signal asks a container to end. Other signals (HUP, USR1) are ordinary messages to the program.
 * @param stopSignal the container's stop signal, which need not be SIGTERM
 */
export function isStopSignal(signal: number, stopSignal: number): boolean {
  return (
    signal === stopSignal || signal === constants.signals.SIGTERM || signal === constants.signals.SIGKILL
  );
}
