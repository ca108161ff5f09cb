import { FLAG, TYPE } from '../../src/wire/constants.js';
import { DOMAIN, STACK } from '../conformance/golden/fixture.js';
import { query } from '../conformance/packets.js';
import { startDaemon, type Daemon } from './daemon.js';
import { always, never, type Figure } from './figure.js';

const ATTACK = 'reply flood';
const PER_SECOND = 100;
const QUERIES = 1000;
/** A network that nobody knows; a forger may use each of its addresses. */
const VICTIMS = '192.0.2';
const KNOWN = '198.51.100.7';

/** What becomes of the replies to one kind of query. */
interface Replies {
  readonly full: number;
  readonly truncated: number;
  readonly silent: number;
  readonly bytes: number;
}

/**
 * Queries with the address of a victim, all within the same instant: how many replies the victim's network gets.
 * The packets go to the responder itself: nobody can send from another's address over loopback.
 */
export async function replyFlood(): Promise<Figure[]> {
  let now = 0;
  const daemon = await startDaemon({
    allow: ['0.0.0.0/0'],
    rateLimit: { perSecond: PER_SECOND, isExempt: (address) => address === KNOWN },
    now: () => now,
  });
  const flood = (packet: (index: number) => Buffer, client: Partial<Sender> = {}) =>
    repliesTo(daemon, packet, client);
  const big = query(`big.${STACK}`, TYPE.A, { opt: {} });
  try {
    const one = await flood(() => big);
    const same = await flood(() => query(`BIG.${STACK}`, TYPE.A, { opt: {} }));
    const invented = await flood((index) => query(`no-${index}.${STACK}.${DOMAIN}.`, TYPE.A));
    const known = await flood(() => big, { address: () => KNOWN });
    const over = await flood(() => big, { transport: 'tcp' });
    now += 500;
    const later = await flood(() => big);
    const withheld = QUERIES - PER_SECOND;
    return [
      exactly('replies with data to a network that asks for one name', one.full, PER_SECOND, 'the limit'),
      exactly(
        '  truncated',
        one.truncated,
        withheld / 2,
        'every second of the rest: an honest client goes on',
      ),
      exactly('  none', one.silent, withheld / 2, 'the other half'),
      {
        attack: ATTACK,
        what: '  bytes sent / bytes received',
        value: Math.round((one.bytes / (QUERIES * big.length)) * 100) / 100,
        unit: 'x',
        bound: { atMost: 4, because: 'a tenth of the replies, and headers' },
      },
      never(ATTACK, '  with data, when the name is written otherwise', same.full, QUERIES),
      exactly('denials with data, each of another name', invented.full, PER_SECOND, 'all count as one kind'),
      exactly(
        'with data, half a second later',
        later.full,
        PER_SECOND / 2,
        'half of the limit has come back',
      ),
      always(ATTACK, 'with data, to a client that is known', known.full, QUERIES),
      always(ATTACK, 'with data, over TCP', over.full, QUERIES),
      never(ATTACK, 'faults', daemon.faults.length, 6 * QUERIES),
    ];
  } finally {
    await daemon.stop();
  }
}

interface Sender {
  readonly address: (index: number) => string;
  readonly transport: 'udp' | 'tcp';
}

async function repliesTo(
  { responder }: Daemon,
  packet: (index: number) => Buffer,
  { address = (index) => `${VICTIMS}.${index % 256}`, transport = 'udp' }: Partial<Sender>,
): Promise<Replies> {
  let [full, truncated, silent, bytes] = [0, 0, 0, 0];
  for (let index = 0; index < QUERIES; index++) {
    const client = { address: address(index), port: 4000, transport };
    const reply = await responder.respond(packet(index), client);
    bytes += reply?.length ?? 0;
    if (!reply) silent++;
    else if ((reply.readUInt16BE(2) & FLAG.TC) !== 0) truncated++;
    else full++;
  }
  return { full, truncated, silent, bytes };
}

/** A number that is neither more nor less: how far it is away. */
function exactly(what: string, value: number, expected: number, because: string): Figure {
  return {
    attack: ATTACK,
    what: `${what}: away from ${expected}`,
    value: Math.abs(value - expected),
    unit: `of ${QUERIES}`,
    bound: { atMost: 0, because },
  };
}
