import { FLAG, HEADER_SIZE, RCODE } from './constants.js';
import { optSize, writeOpt, type Edns, type EdnsOption } from './edns.js';
import type { Message } from './message.js';
import type { Query } from './query-message.js';

import { replyFlags, replyOpt, type ExtendedError } from './reply.js';

/** What a reply repeats from the query. */
type Asked = Omit<Query, 'nameEnd'>;

/**
 * Passes an upstream's reply on to a client with unchanged records (RFC 5625 section 4): compression, order and unknown
 * types stay the same. Hop-by-hop and client-specific parts change: ID, flags, the case of the question, OPT (RFC 6891
 * section 6.2.6). AD stays only if the client asked for it (RFC 6840 section 5.8).
 *
 * A reply larger than `limit` first loses the extended error, then additionals, then the authority of a positive
 * answer, and finally answers, starting with the last one, with TC.
 * @param message the reply to the same question, without a compression pointer in its question
 * @param told additional information for an EDNS client; for the options see `composeReply`
 */
export function relayReply(message: Message, query: Asked, limit: number, told: Told = NOTHING): Buffer {
  const { edns } = query;
  if (edns === undefined) return write(message, query, cut(message, limit));
  const opt = replyOpt(edns, message.rcode, told.options, told.ede);
  const kept = cut(message, limit - optSize(opt.options));
  if (told.ede === undefined || kept.complete) return write(message, query, kept, opt);
  const bare = replyOpt(edns, message.rcode, told.options);
  return write(message, query, cut(message, limit - optSize(bare.options)), bare);
}

export interface Told {
  readonly ede?: ExtendedError | undefined;
  readonly options?: readonly EdnsOption[] | undefined;
}

const NOTHING: Told = {};

function write(message: Message, query: Asked, kept: Kept, opt?: Edns): Buffer {
  const buffer = Buffer.allocUnsafe(kept.end + (opt ? optSize(opt.options) : 0));
  buffer.set(message.wire.subarray(0, kept.end));
  const ad = (message.flags & FLAG.AD) !== 0 && (query.ad || query.edns?.dnssecOk === true);
  const truncated = kept.truncated || (message.flags & FLAG.TC) !== 0;
  const flags = replyFlags(query, { ra: true, ad }, message.rcode);
  buffer.writeUInt16BE(query.id, 0);
  buffer.writeUInt16BE(flags | (truncated ? FLAG.TC : 0), 2);
  buffer.writeUInt16BE(kept.answers, 6);
  buffer.writeUInt16BE(kept.authority, 8);
  buffer.writeUInt16BE(kept.additionals + (opt ? 1 : 0), 10);
  buffer.set(query.question.name, HEADER_SIZE);
  if (opt) writeOpt(buffer, kept.end, opt);
  return buffer;
}

interface Kept {
  readonly end: number;
  readonly answers: number;
  readonly authority: number;
  readonly additionals: number;
  readonly truncated: boolean;
  /** Whether more space would not add anything. */
  readonly complete: boolean;
}

/** The longest prefix of the message that may be sent. Pointers lead backwards, so every prefix is valid. */
function cut(message: Message, room: number): Kept {
  const { answers, authority, additionals, questionsEnd, rcode } = message;
  const answersEnd = answers.at(-1)?.end ?? questionsEnd;
  const authorityEnd = authority.at(-1)?.end ?? answersEnd;
  const all = {
    answers: answers.length,
    authority: authority.length,
    additionals: 0,
    truncated: false,
    complete: true,
  };
  // An OPT that is not the last record would have to be cut out of the middle. The records around it are optional.
  const last = additionals.at(-1)?.end;
  const wanted = last !== undefined && last <= (message.optOffset ?? last);
  if (wanted && last <= room) return { ...all, additionals: additionals.length, end: last };
  if (authorityEnd <= room) return { ...all, end: authorityEnd, complete: !wanted };
  const positive = rcode === RCODE.NOERROR && answers.length > 0;
  if (positive && answersEnd <= room) return { ...all, authority: 0, end: answersEnd, complete: false };
  const fitting = answers.filter((record) => record.end <= room);
  return {
    end: fitting.at(-1)?.end ?? questionsEnd,
    answers: fitting.length,
    authority: 0,
    additionals: 0,
    truncated: true,
    complete: false,
  };
}
