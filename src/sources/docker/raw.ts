/**
 * Readers for JSON of unknown shape. The engine's answers differ by version and contain text from users. A field that
 * is absent or of another type reads as undefined. Nothing here throws.
 */
export type Raw = Readonly<Record<string, unknown>>;

const nothing: Raw = Object.freeze({});

/** The value as an object; an empty one if it is not an object. */
export function rawObject(value: unknown): Raw {
  return isRawObject(value) ? value : nothing;
}

export function isRawObject(value: unknown): value is Raw {
  return (
    typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Uint8Array)
  );
}

/** Only own fields, because `constructor` and similar properties are not answers. */
export function rawField(object: Raw, key: string): unknown {
  return Object.hasOwn(object, key) ? object[key] : undefined;
}

export function rawArray(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

/** A non-empty text. */
export function rawText(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}

export function rawNumber(value: unknown): number | undefined {
  return typeof value === 'number' && Number.isFinite(value) ? value : undefined;
}

/** The fields that are texts, including empty ones. */
export function rawTexts(value: unknown): Record<string, string> {
  return Object.fromEntries(
    Object.entries(rawObject(value)).filter(
      (entry): entry is [string, string] => typeof entry[1] === 'string',
    ),
  );
}
