/** What is probed, and for how long. */
export interface Load {
  readonly tasks: number;
  readonly kind: 'tcp' | 'http';
  /** Where all tasks listen. */
  readonly port: number;
  readonly seconds: number;
}

export const INTERVAL_MS = 2000;
/** Two rounds of probes, so that nobody is new any more. */
export const WARM_UP_MS = 5000;
/** The tasks are spread over so many. */
export const SERVICES = 500;

export const addressOf = (index: number): string => `127.1.${index >> 8}.${index & 255}`;
