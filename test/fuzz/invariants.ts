import dnsPacket from 'dns-packet';
import { decodeMessage, type Message } from '../../src/wire/message.js';
import { expectationOf, opcodeOf } from './oracle.js';

/** A rule that was broken. `rule` is the same text for every packet that breaks it. */
export interface Violation {
  readonly rule: string;
  readonly detail: string;
}

/** NOERROR to REFUSED, BADVERS, BADCOOKIE (RFC 1035, RFC 6891, RFC 7873). */
const RCODES = [0, 1, 2, 3, 4, 5, 16, 23];
const NOTIMP = 4;
const BADVERS = 16;

export interface ReplyContext {
  readonly transport: 'udp' | 'tcp';
  /** The client is one that is not served. */
  readonly isStranger?: boolean;
  /** The reply has records of an upstream, which dns-packet may not be able to read. */
  readonly relayed?: boolean;
}

/** Holds a reply to what every reply must be. @returns the first rule that it breaks */
export function checkReply(
  packet: Buffer,
  reply: Buffer | undefined,
  context: ReplyContext,
): Violation | undefined {
  const expected = expectationOf(packet, context.transport);
  const silent = expected.silent || context.isStranger === true;
  if (reply === undefined || silent) {
    const isRight = silent === (reply === undefined);
    return isRight
      ? undefined
      : broken('silence where it belongs', reply ? `${reply.length} octets` : 'no reply');
  }
  if (reply.length < 12) return broken('a header', `${reply.length} octets`);
  if (reply.readUInt16BE(0) !== packet.readUInt16BE(0)) return broken('the same ID', hexOf(reply));
  if ((reply.readUInt8(2) & 0x80) === 0) return broken('QR', hexOf(reply));
  if (opcodeOf(reply) !== opcodeOf(packet)) return broken('the same opcode', String(opcodeOf(reply)));
  if (reply.length > expected.limit) {
    return broken('no larger than the client takes', `${reply.length} octets of ${expected.limit}`);
  }
  const decoded = decodeMessage(reply, { records: 65_535 });
  if (!decoded.ok) return broken('decodable', `${decoded.fault} at ${decoded.offset}: ${hexOf(reply)}`);
  return (
    checkHeader(packet, decoded.message) ??
    checkSections(packet, reply, decoded.message, context) ??
    (context.relayed ? undefined : checkSecondOpinion(reply))
  );
}

function checkHeader(packet: Buffer, message: Message): Violation | undefined {
  const asked = packet.readUInt16BE(2);
  const { flags, rcode, opcode } = message;
  if (!RCODES.includes(rcode)) return broken('a known rcode', String(rcode));
  if (opcode !== 0) {
    const isBare = rcode === NOTIMP && message.wire.length === 12 && (flags & 0x07f0) === 0;
    return isBare ? undefined : broken('a bare NOTIMP for other opcodes', hexOf(message.wire));
  }
  if ((flags & 0x0110) !== (asked & 0x0110)) return broken('RD and CD as asked', flags.toString(16));
  if ((flags & 0x0040) !== 0) return broken('Z clear', flags.toString(16));
  const wantsAd = (asked & 0x0020) !== 0 || message.edns?.dnssecOk === true;
  if ((flags & 0x0020) !== 0 && !wantsAd) return broken('AD only when asked', flags.toString(16));
  return undefined;
}

function checkSections(
  packet: Buffer,
  reply: Buffer,
  message: Message,
  { transport }: ReplyContext,
): Violation | undefined {
  const expected = expectationOf(packet, transport);
  if (message.opcode === 0 && expected.question) {
    const isEchoed = message.questions.length === 1 && reply.subarray(12).indexOf(expected.question) === 0;
    if (!isEchoed) return broken('the question echoed', hexOf(reply));
  } else if (message.questions.length > 0) return broken('no question that was not asked', hexOf(reply));
  const hasOpt = message.edns !== undefined;
  if (expected.opt !== 'maybe' && hasOpt !== (expected.opt === 'yes')) {
    return broken('an OPT if and only if the query has one', hexOf(reply));
  }
  if (expected.badVersion && message.rcode !== BADVERS && message.rcode !== 1) {
    return broken('BADVERS for later versions', String(message.rcode));
  }
  if (message.edns && (message.edns.version !== 0 || message.edns.udpSize !== 1232)) {
    return broken('our own OPT', hexOf(reply));
  }
  const records = [...message.answers, ...message.authority, ...message.additionals];
  const { optOffset } = message;
  const optEnd = optOffset === undefined ? 0 : optOffset + 11 + reply.readUInt16BE(optOffset + 9);
  const end = records.reduce(
    (last, record) => Math.max(last, record.end),
    Math.max(message.questionsEnd, optEnd),
  );
  return end === reply.length ? undefined : broken('nothing behind the last record', hexOf(reply));
}

/** Another decoder has to read our own replies too. */
function checkSecondOpinion(reply: Buffer): Violation | undefined {
  try {
    dnsPacket.decode(reply);
    return undefined;
  } catch (error) {
    return broken('decodable by dns-packet', `${String(error)}: ${hexOf(reply)}`);
  }
}

export function broken(rule: string, detail: string): Violation {
  return { rule, detail };
}

function hexOf(bytes: Uint8Array): string {
  return Buffer.from(bytes.subarray(0, 200)).toString('hex');
}
