import type { Problem } from '../catalog/model.js';
import { placeText } from './desired/place-text.js';
import type { PlaneProblem } from './plane.js';

/** What the log says of a problem of the plane. */
export function lineOf({ message, summary }: PlaneProblem): string {
  return summary ?? message;
}

/**
 * What cannot be served, for the operator.
 * @param told by the plane
 * @param fault why the last repair failed
 * @param loops virtual IPs that lead back to themselves, a line for each loop
 * @param shortages where a limit of this host is near
 * @param refusals what another plane carries than the operator wants
 */
export function problemsOf(
  told: readonly PlaneProblem[],
  fault: string | undefined,
  loops: readonly string[],
  shortages: readonly PlaneProblem[],
  refusals: readonly PlaneProblem[] = [],
): readonly Problem[] {
  const subject = 'virtual IPs';
  const faults = new Set(told.filter(({ at }) => !at).map(({ message }) => message));
  if (fault !== undefined) faults.add(fault);
  const summaries = new Set(told.map(({ summary }) => summary).filter((summary) => summary !== undefined));
  return [
    ...[...faults].map((message) => ({ code: 'vip-rules', subject, message })),
    ...loops.map((message) => ({ code: 'vip-loop', subject, message })),
    ...[...summaries].map((message) => ({ code: 'vip-not-served', subject, message })),
    ...told.flatMap(({ at, message, summary }) =>
      at && summary === undefined
        ? [{ code: 'vip-not-served', subject: `virtual IP ${placeText(at)}`, message }]
        : [],
    ),
    ...refusals.map(({ at, message }) => ({
      code: 'vip-plane',
      subject: at ? `virtual IP ${placeText(at)}` : subject,
      message,
    })),
    ...shortages.flatMap(({ at, message }) =>
      at ? [{ code: 'vip-ports', subject: `virtual IP ${placeText(at)}`, message }] : [],
    ),
  ];
}
