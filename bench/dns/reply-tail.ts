import { ipBytes } from '../../src/net/ip.js';
import type { Question } from './question.js';

/** What follows the question in the floor's replies to one type of query. All names are pointers to the question's. */
export interface ReplyTail {
  readonly type: Question['type'];
  /** An answer of its own; otherwise one of a resolver. */
  readonly authoritative: boolean;
  /** Seconds. */
  readonly ttl: number;
  /** Addresses, or for SRV targets. */
  readonly answers: readonly string[];
  /** Addresses. */
  readonly additional: readonly string[];
}

const TYPE = { A: 1, AAAA: 28, SRV: 33 } as const;

/** The form that floor.c reads. */
export function tailsFile(tails: readonly ReplyTail[]): Buffer {
  return Buffer.concat(
    tails.flatMap(({ type, authoritative, ttl, answers, additional }) => {
      const records = [
        ...answers.map((data) =>
          type === 'SRV' ? record(TYPE.SRV, ttl, srvData(data)) : address(data, ttl),
        ),
        ...additional.map((data) => address(data, ttl)),
      ];
      const octets = Buffer.concat(records);
      const flags = authoritative ? 0x8480 : 0x8080;
      return [u16(TYPE[type], flags, answers.length, additional.length, octets.length), octets];
    }),
  );
}

function u16(...numbers: number[]): Buffer {
  const bytes = Buffer.alloc(numbers.length * 2);
  numbers.forEach((number, index) => bytes.writeUInt16BE(number, index * 2));
  return bytes;
}

function record(type: number, ttl: number, data: Uint8Array): Buffer {
  return Buffer.concat([u16(0xc00c, type, 1, ttl >>> 16, ttl & 0xffff, data.length), data]);
}

function address(ip: string, ttl: number): Buffer {
  const data = ipBytes(ip);
  return record(data.length === 4 ? TYPE.A : TYPE.AAAA, ttl, data);
}

/** RFC 2782: the target is not compressed. */
function srvData(target: string): Buffer {
  const labels = target.split('.').flatMap((label) => [Buffer.from([label.length]), Buffer.from(label)]);
  return Buffer.concat([u16(0, 256, 80), ...labels, Buffer.alloc(1)]);
}
