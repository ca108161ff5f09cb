import type { ReferenceName, Variant } from '../model.js';

/** A server that the table is put to. */
export interface Target {
  readonly name: 'fairlead' | ReferenceName;
  /** For the report: `named 9.18.49 (Debian 1:9.18.49-1~deb12u3)`. */
  readonly version: string;
  /** The loopback port of a variant, over UDP and TCP; undefined when the target has no such variant. */
  port(variant: Variant): number | undefined;
  /** Whether a variant offers recursion. */
  recursion(variant: Variant): boolean;
  stop(): Promise<void>;
}
