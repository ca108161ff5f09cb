import { TYPE } from '../../src/wire/constants.js';
import { query } from '../conformance/packets.js';
import { startDaemon } from './daemon.js';
import { always, type Figure } from './figure.js';
import { UdpClient } from './udp-client.js';
import { addressReply, startUpstream } from './upstream.js';

const ATTACK = 'single flight';
/** Spread over addresses, because one address may not have that many queries under way. */
const CLIENTS = 10;
const QUERIES_EACH = 50;

/** The birthday attack needs many queries for one name under way at once: however many ask, upstream is asked once. */
export async function singleFlight(): Promise<Figure[]> {
  const all = CLIENTS * QUERIES_EACH;
  let askedUpstream = 0;
  let answer: () => void = () => undefined;
  const upstream = await startUpstream(({ query: asked, send }) => {
    askedUpstream++;
    answer = () => send(addressReply(asked));
  });
  // The upstream answers when everybody has asked, however long that takes.
  const times = { hedge: 30_000, deadline: 60_000 };
  const daemon = await startDaemon({ upstreams: [upstream.address], times });
  const addresses = Array.from({ length: CLIENTS }, (_, i) => `127.0.0.${i + 1}`);
  const clients = await Promise.all(addresses.map((address) => UdpClient.open(daemon.address, address)));
  try {
    const packet = query('popular.example.', TYPE.A);
    const replies = clients.flatMap((client) =>
      Array.from({ length: QUERIES_EACH }, () => client.ask(packet, times.hedge)),
    );
    const [first] = clients;
    while (daemon.responder.counters().forwarded < all) await first?.ask(query('ns', TYPE.A));
    answer();
    const answered = (await Promise.all(replies)).filter((reply) => reply?.readUInt16BE(6) === 1);
    return [
      {
        attack: ATTACK,
        what: `upstream queries for ${all} of clients`,
        value: askedUpstream,
        unit: 'queries',
        bound: { atMost: 1, because: 'all wait for the same answer' },
      },
      always(ATTACK, 'clients answered', answered.length, all),
    ];
  } finally {
    for (const client of clients) client.close();
    await daemon.stop();
    await upstream.close();
  }
}
