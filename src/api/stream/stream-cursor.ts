/**
 * The position of a client in the stream: `k3f9x2-57`, the daemon's run and the revision. Revisions start over with
 * every run, so a number alone would be ambiguous after a restart.
 */
export function cursorOf(revision: number, startedAt: number): string {
  return `${Math.floor(startedAt).toString(36)}-${revision}`;
}

const FORM = /^([0-9a-z]{1,12})-(\d{1,16})$/;

/** Whether a text has the form of a cursor. */
export function isCursor(text: string): boolean {
  return FORM.test(text);
}

/** The revision in a cursor; undefined if it comes from another run of the daemon. */
export function revisionOf(cursor: string, startedAt: number): number | undefined {
  const [, run, revision] = FORM.exec(cursor) ?? [];
  return run === Math.floor(startedAt).toString(36) ? Number(revision) : undefined;
}
