import { equalBytes } from '../../wire/bytes.js';
import { EDNS_OPTION } from '../../wire/constants.js';
import { findOption, type Edns } from '../../wire/edns.js';

const MARK_SIZE = 8;
const MAX_MARKS = 8;

/**
 * Finds forwarding loops. Each forwarder adds eight random bytes of its own to a local EDNS option of the queries that
 * it sends, behind the marks that came with the query; a query that comes in with its own mark has gone round. Unlike a
 * probe for a special name this cannot be set off by an outsider, and stops nothing but the query itself.
 */
export interface LoopMark {
  /** Whether a query passed this process before. */
  isOwn(edns: Edns | undefined): boolean;
  /** The marks to send on: these and our own; the oldest are forgotten when there are more than eight. */
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

/** The marks of a query. An option of another size is another's use of the local range, and ignored. */
export function marksOf(edns: Edns | undefined): Uint8Array {
  const data = findOption(edns, EDNS_OPTION.LOOP_MARK);
  return data && data.length % MARK_SIZE === 0 && data.length <= MARK_SIZE * MAX_MARKS ? data : NONE;
}
