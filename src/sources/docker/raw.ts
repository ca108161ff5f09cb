/**
 * Readers for JSON of unknown shape. The engine's answers differ by version and hold what users wrote; a field that is
 * absent or of another type reads as undefined, and nothing here throws.
 */
export type Raw = Readonly<Record<string, unknown>>;

const nothing: Raw = Object.freeze({});

/** The value as an object; an empty one when it is none. */
export function rawObject(value: unknown): Raw {
  return isRawObject(value) ? value : nothing;
}

export function isRawObject(value: unknown): value is Raw {
  return (
    typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Uint8Array)
  );
}

/** An own field: `constructor` and the like are not answers. */
export function rawField(object: Raw, key: string): unknown {
  return Object.hasOwn(object, key) ? object[key] : undefined;
}

export function rawArray(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

/** A text that is not empty. */
export function rawText(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}

export function rawNumber(value: unknown): number | undefined {
  return typeof value === 'number' && Number.isFinite(value) ? value : undefined;
}

/** The fields that are texts, empty ones included. */
export function rawTexts(value: unknown): Record<string, string> {
  return Object.fromEntries(
    Object.entries(rawObject(value)).filter(
      (entry): entry is [string, string] => typeof entry[1] === 'string',
    ),
  );
}
