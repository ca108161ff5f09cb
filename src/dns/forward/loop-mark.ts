import { equalBytes } from '../../wire/bytes.js';
import { EDNS_OPTION } from '../../wire/constants.js';
import { findOption, type Edns } from '../../wire/edns.js';

const MARK_SIZE = 8;
const MAX_MARKS = 8;

/**
 * Detects forwarding loops. Each forwarder appends eight random bytes to a local EDNS option of the queries that it
 * sends, after the marks that arrived with the query. A query that arrives with the forwarder's own mark has looped.
 * Unlike a probe for a special name, outsiders cannot trigger this, and it stops nothing but the looping query.
 */
export interface LoopMark {
  /** Whether a query has passed this process before. */
  isOwn(edns: Edns | undefined): boolean;
  /** The marks to send: the given ones followed by our own. Beyond eight, the oldest are dropped. */
  append(marks: Uint8Array): Uint8Array;
}

/** @param own eight bytes from a cryptographic random source */
export function createLoopMark(own: Uint8Array): LoopMark {
  return {
    isOwn(edns) {
      const marks = marksOf(edns);
      for (let at = 0; at < marks.length; at += MARK_SIZE) {
        if (equalBytes(marks.subarray(at, at + MARK_SIZE), own)) return true;
      }
      return false;
    },
    append: (marks) => Buffer.concat([marks, own]).subarray(-MARK_SIZE * MAX_MARKS),
  };
}

const NONE = new Uint8Array(0);

/** The marks of a query. An option of any other size is someone else's use of the local range and is ignored. */
export function marksOf(edns: Edns | undefined): Uint8Array {
  const data = findOption(edns, EDNS_OPTION.LOOP_MARK);
  return data && data.length % MARK_SIZE === 0 && data.length <= MARK_SIZE * MAX_MARKS ? data : NONE;
}
