/** A registrator key, from a label or an environment variable. */
export interface RegistratorKey {
  /** The part after `SERVICE_` and the port, in upper case: `NAME`, `CHECK_HTTP`, or any attribute. */
  readonly name: string;
  /** The container port that it applies to; absent: all ports. */
  readonly port?: number;
}

const PREFIX = 'SERVICE_';

/**
 * `SERVICE_NAME`, `SERVICE_80_CHECK_HTTP`. As in registrator (bridge/util.go, `serviceMetaData`) the prefix is upper
 * case and the rest in any case.
 * @returns undefined if the text is not a registrator key
 */
export function readRegistratorKey(text: string): RegistratorKey | undefined {
  if (!text.startsWith(PREFIX)) return undefined;
  const match = /^SERVICE_(?:(\d{1,5})_)?(.+)$/s.exec(text);
  const name = match?.[2];
  if (name === undefined) return undefined;
  return { name: name.toUpperCase(), ...(match?.[1] !== undefined && { port: Number(match[1]) }) };
}
