const millisecondsIn = { ns: 1e-6, us: 1e-3, ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };
type Unit = keyof typeof millisecondsIn;

/** Longer than any duration that a person would write. */
const longestText = 40;

const term = String.raw`\d+(?:\.\d+)?(?:ns|us|ms|s|m|h|d)`;

/** A duration as a regular expression, for a JSON schema. */
export const durationPattern = new RegExp(`^(?:0|(?:${term})+)$`);

/** What a duration looks like: the end of a sentence about a text that is not one. */
export const durationForm = 'written with its unit: 500ms, 10s, 1m30s';

/**
 * Reads a duration in the one form that the configuration, labels, services files and API share: that of Go and Docker,
 * plus days. Examples: `500ms`, `10s`, `1m30s`, `1.5h`, `7d`. Only `0` needs no unit.
 * @returns milliseconds, a whole number, at least 1 unless the duration is 0; undefined when the text is not a duration
 */
export function parseDuration(text: string): number | undefined {
  if (text.length > longestText || !durationPattern.test(text)) return undefined;
  let sum = 0;
  for (const [, amount, unit] of text.matchAll(/([\d.]+)([a-z]+)/g))
    sum += Number(amount) * millisecondsIn[unit as Unit];
  // A tiny duration must not round to 0, because 0 often means "no limit".
  return sum > 0 ? Math.max(1, Math.round(sum)) : 0;
}

/** The text that {@link parseDuration} reads as this number of milliseconds, in the largest unit that divides it. */
export function formatDuration(milliseconds: number): string {
  const unit =
    (['d', 'h', 'm', 's'] as const).find((each) => milliseconds % millisecondsIn[each] === 0) ?? 'ms';
  return milliseconds === 0 ? '0s' : `${milliseconds / millisecondsIn[unit]}${unit}`;
}
