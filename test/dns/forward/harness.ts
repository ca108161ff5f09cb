import { afterEach } from 'vitest';
import type { ForwardQuestion, ForwardResult } from '../../../src/dns/forward/exchange.js';
import {
  createForwarder,
  type Forwarder,
  type ForwarderOptions,
} from '../../../src/dns/forward/forwarder.js';
import { lowerCaseName } from '../../../src/wire/name.js';
import { nameToText } from '../../../src/wire/name-text.js';
import type { Query } from '../../../src/wire/query-message.js';
import type { HostPort } from '../../../src/net/ip.js';
import type { Upstream } from '../../../src/net/upstream.js';
import { closedPort } from '../../support/own-port.js';
import { a, name } from '../../wire/helpers.js';
import { fakeUpstream, replyTo, type FakeUpstream, type Received } from './fake-upstream.js';

const open: { close(): unknown }[] = [];
afterEach(async () => {
  await Promise.all(open.splice(0).map((each) => each.close()));
});

/** Has something closed when the test is over. */
export function closing<T extends { close(): unknown }>(each: T): T {
  open.push(each);
  return each;
}

export async function upstream(script: (received: Received, index: number) => void): Promise<FakeUpstream> {
  return closing(await fakeUpstream(script));
}

/** An address of loopback where no process listens, so that the kernel answers with an ICMP error. */
export const nobody: HostPort = { ip: '127.0.0.1', port: closedPort };

export const QNAME = 'www.example.org';

/** Nothing in a test takes so long: what is asked twice is asked for another reason than time. */
const PATIENT = { hedge: 60_000, deadline: 60_000 };

/** For one upstream that is silent beside one that answers: much longer than the answer of one in this process takes. */
export const SLOW_HEDGE = { hedge: 1000, deadline: 60_000 };

export function forwarder(
  upstreams: readonly (FakeUpstream | Upstream)[],
  options: Partial<ForwarderOptions> = {},
): Forwarder {
  return closing(
    createForwarder({
      upstreams: upstreams.map((each) => ('address' in each ? each.address : each)),
      listen: [],
      ownNames: [name('rancher.internal')],
      times: PATIENT,
      ...options,
    }),
  );
}

export const question = (text = QNAME, fields: Partial<ForwardQuestion> = {}): ForwardQuestion => ({
  name: lowerCaseName(name(text)),
  type: 1,
  dnssecOk: false,
  checkingDisabled: false,
  marks: new Uint8Array(0),
  ...fields,
});

/** The one address that a fake gives to whatever is asked. */
export function addressReply(query: Query, last: number): Buffer {
  const owner = nameToText(query.question.name);
  return replyTo(query, { rcode: 0, answers: [a(owner, `192.0.2.${last}`)] });
}

export const honest = (query: Query): Buffer => addressReply(query, 1);
export const forged = (query: Query): Buffer => addressReply(query, 66);

/** The last bytes of the addresses, or the code of the failure. */
export function outcome(result: ForwardResult): unknown {
  if (!result.ok) return `${result.rcode}/${result.ede.code}`;
  return result.message.answers.map(({ rdata }) => (rdata.kind === 'a' ? rdata.address[3] : rdata.kind));
}

export function setFlags(packet: Buffer, flags: number): Buffer {
  packet.writeUInt16BE(flags, 2);
  return packet;
}
