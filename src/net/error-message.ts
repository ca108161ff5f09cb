/** What went wrong, in the words of the thing that was thrown. */
export function errorMessage(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** A thrown thing as an Error: JavaScript lets code throw anything. */
export function asError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error));
}
