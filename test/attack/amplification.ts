import { serviceName } from '../../src/catalog/model.js';
import type { Snapshot } from '../../src/catalog/snapshot.js';
import { TYPE } from '../../src/wire/constants.js';
import { reverseLabels } from '../../src/net/ip.js';
import { DOMAIN, STACK } from '../conformance/golden/fixture.js';
import { goldenFacts, goldenRecords } from '../conformance/golden/facts.js';
import { query } from '../conformance/packets.js';
import { startDaemon } from './daemon.js';
import { never, type Figure } from './figure.js';
import { inParallel, UdpClient } from './udp-client.js';
import { addressReply, startUpstream } from './upstream.js';

const ATTACK = 'amplification';
const types = [
  TYPE.A,
  TYPE.AAAA,
  TYPE.SRV,
  TYPE.PTR,
  TYPE.SOA,
  TYPE.NS,
  TYPE.TXT,
  TYPE.CNAME,
  TYPE.ANY,
  TYPE.HTTPS,
];

/** Reply bytes for query bytes, the worst over all owned names; who gets no reply at all; reply to a reply. */
export async function amplification(): Promise<Figure[]> {
  const upstream = await startUpstream(({ query: asked, send }) => send(addressReply(asked)));
  const known = { address: '127.0.0.2', environment: 'default', stack: STACK, links: {} };
  const facts = { ...goldenFacts(), clients: [known] };
  const daemon = await startDaemon({
    upstreams: [upstream.address],
    facts,
    allow: ['127.0.0.1/32', '127.0.0.2/32'],
  });
  const { address, catalog, responder } = daemon;
  const host = await UdpClient.open(address);
  const task = await UdpClient.open(address, known.address);
  const stranger = await UdpClient.open(address, '127.0.0.9');
  try {
    const names = ownedNames(catalog.snapshot);
    const short = [...new Set([...catalog.snapshot.services()].map(({ service }) => `${service}.`))];
    const plain = await worst(host, names, {});
    const edns = await worst(host, names, { opt: { size: 65_535 } });
    const shortest = await worst(task, short, {});
    const before = responder.counters().dropped.policy;
    const tries = 200;
    for (let i = 0; i < tries; i++) stranger.send(fromStranger[i % fromStranger.length] ?? fromStranger[0]);
    const { replies } = await reflected(host);
    while (responder.counters().dropped.policy < before + tries) await host.ask(query('ns', TYPE.A));
    return [
      {
        attack: ATTACK,
        what: 'worst reply / query, no EDNS',
        value: plain,
        unit: 'x',
        bound: { atMost: 12, because: '512 bytes for the shortest query that gets so many' },
        beside: `${names.length} names x ${types.length} types`,
      },
      {
        attack: ATTACK,
        what: 'worst reply / query, EDNS',
        value: edns,
        unit: 'x',
        bound: {
          atMost: 1232 / 40,
          because: 'no reply is longer than 1,232 bytes, whatever a client offers',
        },
      },
      {
        attack: ATTACK,
        what: 'the same, no EDNS, short names, known tasks only',
        value: shortest,
        unit: 'x',
        bound: {
          atMost: Math.ceil(512 / Math.min(...short.map((name) => query(name, TYPE.A).length))),
          because: '512 bytes for the shortest query',
        },
      },
      never(ATTACK, 'replies to an address that is not allowed', stranger.unexpected, tries),
      never(ATTACK, 'replies to replies', replies, REFLECTIONS),
      never(ATTACK, 'faults', daemon.faults.length, names.length * types.length),
    ];
  } finally {
    for (const client of [host, task, stranger]) client.close();
    await daemon.stop();
    await upstream.close();
  }
}

/** What is answered, and what gets an error before anything is looked up: none of it may reach a forger's victim. */
const fromStranger = [
  query(`big.${STACK}`, TYPE.A, { opt: {} }),
  query(`big.${STACK}`, TYPE.A, { opcode: 4 }),
  query(`big.${STACK}`, TYPE.A, { class: 3 }),
  query(`big.${STACK}`, TYPE.A, { opt: { version: 1 } }),
  query(`big.${STACK}`, TYPE.A, { opt: { options: [[10, '0102']] } }),
] as const;

const REFLECTIONS = 100;

/** What a server says to its own replies, sent back to it. */
async function reflected(client: UdpClient): Promise<{ replies: number }> {
  const reply = await client.ask(query(`web.${STACK}`, TYPE.A));
  const before = client.unexpected;
  for (let i = 0; i < REFLECTIONS; i++) client.send(reply ?? Buffer.alloc(0));
  await client.ask(query('ns', TYPE.A));
  return { replies: client.unexpected - before };
}

async function worst(client: UdpClient, names: readonly string[], options: object): Promise<number> {
  let ratio = 0;
  await inParallel(names.length * types.length, 32, async (index) => {
    const name = names[Math.floor(index / types.length)] ?? '.';
    const packet = query(name, types[index % types.length] ?? TYPE.A, options);
    const reply = await client.ask(packet);
    ratio = Math.max(ratio, (reply?.length ?? 0) / packet.length);
  });
  return Math.round(ratio * 100) / 100;
}

/** Every name that exists, absolute. */
function ownedNames(snapshot: Snapshot): string[] {
  const services = [...snapshot.services()].flatMap((service) => {
    const name = serviceName(service);
    return [name, `tasks.${name}`, `vip.${name}`, `_http._tcp.${name}`, `_80._tcp.${name}`];
  });
  const tasks = [...snapshot.tasks()].flatMap(({ names }) => names);
  const addresses = [...snapshot.tasks()].flatMap(({ endpoints }) => endpoints.map(({ ip }) => ip));
  const own = [...services, ...tasks, 'ns', 'rancher-metadata', STACK].map((name) => `${name}.${DOMAIN}.`);
  const fixed = goldenRecords().map(({ owner }) => `${owner.replace('*', 'any')}.`);
  return [...own, ...fixed, `${DOMAIN}.`, ...addresses.map((ip) => `${reverseLabels(ip).join('.')}.`)];
}
