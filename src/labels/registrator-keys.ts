/** A key of registrator's, from a label or a variable of the environment. */
export interface RegistratorKey {
  /** What follows `SERVICE_` and the port, upper case: `NAME`, `CHECK_HTTP`, or any attribute. */
  readonly name: string;
  /** The container port that it is for; absent: all of them. */
  readonly port?: number;
}

/**
 * `SERVICE_NAME`, `SERVICE_80_CHECK_HTTP`. As in registrator (bridge/util.go, `serviceMetaData`) the prefix is upper case
 * and the rest in any case.
 * @returns undefined when the text is not a key of registrator's
 */
export function readRegistratorKey(text: string): RegistratorKey | undefined {
  const match = /^SERVICE_(?:(\d{1,5})_)?(.+)$/s.exec(text);
  const name = match?.[2];
  if (name === undefined) return undefined;
  return { name: name.toUpperCase(), ...(match?.[1] !== undefined && { port: Number(match[1]) }) };
}
