/**
 * What any reply to a packet must have, read from the packet by rules of its own: nothing of `src/` is used here, so
 * that a fault there cannot excuse itself.
 */
export interface Expectation {
  /** No reply at all. */
  readonly silent: boolean;
  /** The question section to be echoed, byte for byte; absent: it cannot be read, or is not one. */
  readonly question?: Buffer;
  /** `yes`: a readable OPT is all that follows the question. `no`: there is no OPT anywhere. */
  readonly opt: 'yes' | 'no' | 'maybe';
  /** The largest reply, in bytes. */
  readonly limit: number;
  /** EDNS version above 0 in an otherwise well-formed query. */
  readonly badVersion: boolean;
}

const OPT = 41;
const FIXED_OPT = 11;
const PLAIN_LIMIT = 512;
const UDP_LIMIT = 1232;
const TCP_LIMIT = 65_535;

export function expectationOf(packet: Buffer, transport: 'udp' | 'tcp'): Expectation {
  const plain = transport === 'udp' ? PLAIN_LIMIT : TCP_LIMIT;
  const none = { silent: false, opt: 'no', limit: plain, badVersion: false } as const;
  if (packet.length < 12 || (packet.readUInt8(2) & 0x80) !== 0) return { ...none, silent: true };
  if (opcodeOf(packet) !== 0) return none;
  const [questions, answers, authority, additionals] = [4, 6, 8, 10].map((at) => packet.readUInt16BE(at));
  const end = questions === 1 ? questionEnd(packet) : undefined;
  const echoed = end === undefined ? {} : { question: packet.subarray(12, end) };
  if (end === undefined || answers !== 0 || authority !== 0 || additionals !== 1) {
    const opt = packet.includes(Buffer.of(0, 0, OPT)) ? 'maybe' : 'no';
    return { ...none, ...echoed, opt, limit: opt === 'maybe' && transport === 'udp' ? UDP_LIMIT : plain };
  }
  const fixed = packet.subarray(end, end + FIXED_OPT);
  const isOpt = fixed.length === FIXED_OPT && fixed.readUInt8(0) === 0 && fixed.readUInt16BE(1) === OPT;
  if (!isOpt || end + FIXED_OPT + fixed.readUInt16BE(9) > packet.length) return { ...none, ...echoed };
  const limit =
    transport === 'udp' ? Math.min(Math.max(fixed.readUInt16BE(3), PLAIN_LIMIT), UDP_LIMIT) : TCP_LIMIT;
  return { ...none, ...echoed, opt: 'yes', limit, badVersion: fixed.readUInt8(6) > 0 };
}

export const opcodeOf = (packet: Buffer) => (packet.readUInt8(2) >> 3) & 0xf;

/** The offset after a first question whose name has no pointer; undefined when there is none. */
function questionEnd(packet: Buffer): number | undefined {
  let at = 12;
  for (let length = packet[at]; length !== 0; length = packet[at]) {
    if (length === undefined || length > 63) return undefined;
    at += length + 1;
    // The root label is one byte more.
    if (at - 12 + 1 > 255) return undefined;
  }
  return at + 5 <= packet.length ? at + 5 : undefined;
}
