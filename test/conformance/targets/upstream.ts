import { RCODE, TYPE } from '../../../src/wire/constants.js';
import { nameToText } from '../../../src/wire/name-text.js';
import { lowerCaseName } from '../../../src/wire/name.js';
import type { Query } from '../../../src/wire/query-message.js';
import { addressRecord } from '../../support/address-record.js';
import type { ReplyBody } from '../../../src/wire/reply.js';
import { fakeUpstream, replyTo, type FakeUpstream } from '../../dns/forward/fake-upstream.js';
import { cname, soa } from '../../wire/helpers.js';
import { DOMAIN, STACK } from '../golden/fixture.js';
import { wireName } from '../packets.js';

/** What every name that has no business upstream resolves to there, so that a leak shows in the answer. */
const LEAK = '203.0.113.66';

/**
 * The rest of the world. `outside.example` has an address, `missing.example` is none, `broken.example` fails,
 * `slow.example` is never answered, `back.example` leads back into the golden zone.
 */
export function startUpstream(): Promise<FakeUpstream> {
  return fakeUpstream(({ query, send }) => {
    const body = bodyFor(query);
    if (body) send(replyTo(query, body));
  });
}

function bodyFor({ question }: Query): ReplyBody | undefined {
  const { type } = question;
  const name = nameToText(lowerCaseName(question.name));
  const address = (ip: string, zone: string): ReplyBody =>
    type === TYPE.A
      ? { rcode: RCODE.NOERROR, answers: [addressRecord(question.name, 300, ip)] }
      : { rcode: RCODE.NOERROR, authority: [{ ...soa('example'), owner: wireName(zone) }] };
  switch (name) {
    case 'outside.example':
      return address('192.0.2.80', 'example.');
    case 'missing.example':
      return { rcode: RCODE.NXDOMAIN, authority: [soa('example')] };
    case 'broken.example':
      return { rcode: RCODE.SERVFAIL };
    case 'slow.example':
      return undefined;
    case 'back.example':
      return { rcode: RCODE.NOERROR, answers: [cname('back.example', `ext-loop.${STACK}.${DOMAIN}`)] };
    default:
      return address(LEAK, '.');
  }
}
