import type { IncomingMessage } from 'node:http';

/** A file of the dashboard, as it is sent. */
export interface StaticFile {
  readonly type: string;
  readonly plain: Buffer;
  /** Absent: too small to gain anything. */
  readonly packed?: Buffer;
}

/** Whether a client can read gzip (RFC 9110, section 12.5.3). */
export function acceptsGzip({ headers }: Pick<IncomingMessage, 'headers'>): boolean {
  const accepted = headers['accept-encoding'];
  if (typeof accepted !== 'string') return false;
  return accepted.split(',').some((each) => /^\s*(gzip|\*)\s*(;\s*q=(?!0(\.0*)?\s*$).*)?$/i.test(each));
}
