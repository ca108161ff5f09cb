import { decode, encode, RECURSION_DESIRED, type Answer } from 'dns-packet';
import { canonicalIp } from '../../src/net/ip.js';

/** What is asked, and what a right answer has. */
export interface Question {
  readonly name: string;
  readonly type: 'A' | 'AAAA' | 'SRV';
  /** With an OPT record of 1232 bytes. */
  readonly edns: boolean;
  /** Addresses, or for SRV targets, in any order. */
  readonly expected: readonly string[];
}

/** The message, ID 0. */
export function encodeQuestion({ name, type, edns }: Question): Buffer {
  return encode({
    type: 'query',
    flags: RECURSION_DESIRED,
    questions: [{ type, name }],
    ...(edns && {
      additionals: [
        {
          type: 'OPT',
          name: '.',
          udpPayloadSize: 1232,
          extendedRcode: 0,
          ednsVersion: 0,
          flags: 0,
          flag_do: false,
          options: [],
        },
      ],
    }),
  });
}

/** The form that load.c reads: each message with its length in front. */
export function queryFile(questions: readonly Question[]): Buffer {
  return Buffer.concat(
    questions.flatMap((question) => {
      const message = encodeQuestion(question);
      const length = Buffer.alloc(2);
      length.writeUInt16BE(message.length);
      return [length, message];
    }),
  );
}

/** The form that dnsperf reads. */
export const dnsperfFile = (questions: readonly Question[]): string =>
  `${questions.map(({ name, type }) => `${name} ${type}`).join('\n')}\n`;

/** @returns what is wrong with the reply, one line; undefined: nothing */
export function faultOf(question: Question, reply: Buffer): string | undefined {
  const { name, type, expected } = question;
  const said = (what: string) => `${name} ${type}: ${what}`;
  const message = decode(reply);
  const rcode = reply.readUInt8(3) & 15;
  if (rcode !== 0) return said(`response code ${rcode}`);
  if (message.flag_tc) return said('cut');
  const data = (message.answers ?? []).map(dataOf);
  const wanted = [...expected].sort();
  if (data.sort().join() !== wanted.join()) return said(`answers ${data.join(' ')}, not ${wanted.join(' ')}`);
  return undefined;
}

function dataOf(answer: Answer): string {
  if (answer.type === 'SRV') return answer.data.target;
  return answer.type === 'A' || answer.type === 'AAAA'
    ? (canonicalIp(answer.data) ?? answer.data)
    : answer.type;
}
