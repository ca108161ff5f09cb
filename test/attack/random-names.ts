import { TYPE } from '../../src/wire/constants.js';
import { DOMAIN, STACK } from '../conformance/golden/fixture.js';
import { query } from '../conformance/packets.js';
import { startDaemon } from './daemon.js';
import { always, never, type Figure } from './figure.js';
import { memoryUse, round } from './heap.js';
import { inParallel, UdpClient } from './udp-client.js';
import { addressReply, denial, startUpstream } from './upstream.js';

const ATTACK = 'random names';
const HOT = 'hot.example.';
/** One query in so many is an honest one for a name that is always asked for. */
const HOT_EVERY = 20;
const WIDTH = 64;
/** MB that the heap may have taken from the system for garbage. */
const RSS_SLACK = 64;

export interface RandomNamesOptions {
  /** Random names, in our own zone and again upstream. */
  readonly names: number;
  /** What the cache may hold, in bytes. */
  readonly cacheBytes: number;
}

/** Water torture: names that nobody has asked for before. What stays in memory, and what becomes of honest queries. */
export async function randomNames({ names, cacheBytes }: RandomNamesOptions): Promise<Figure[]> {
  let hotAskedUpstream = 0;
  const upstream = await startUpstream(({ query: asked, send }) => {
    const [length = 0, first = 0] = asked.question.name;
    if (length === 3 && first === 0x68) hotAskedUpstream++;
    // Half of the names exist, so that both kinds of answer press on the cache.
    send(length % 2 === 1 ? addressReply(asked, undefined, 3600) : denial(asked));
  });
  const daemon = await startDaemon({ upstreams: [upstream.address], cacheBytes });
  const client = await UdpClient.open(daemon.address);
  const askFor = async (suffix: string) => {
    let [answered, hot, hotRight] = [0, 0, 0];
    await inParallel(names, WIDTH, async (index) => {
      const label = `r${index.toString(36)}${index % 2 === 0 ? 'xx' : 'x'}`;
      const reply = await client.ask(query(`${label}.${suffix}`, TYPE.A));
      if (reply) answered++;
      if (index % HOT_EVERY !== 0) return;
      hot++;
      const honest = await client.ask(query(HOT, TYPE.A));
      if (honest?.readUInt16BE(6) === 1) hotRight++;
    });
    return { answered, hot, hotRight };
  };
  try {
    // What the first queries leave behind is not a growth.
    await inParallel(500, WIDTH, async () => {
      await client.ask(query(HOT, TYPE.A));
    });
    const before = memoryUse();
    const own = await askFor(`${STACK}.${DOMAIN}.`);
    const afterOwn = memoryUse();
    const away = await askFor('example.');
    const after = memoryUse();
    const hitRate = 1 - hotAskedUpstream / (own.hot + away.hot);
    const { bytes } = daemon.cache.counters();
    // Denials have a fifth of the bound beside it, and an entry is more than its bytes.
    const heapBound = Math.ceil((cacheBytes * 1.2 * 2) / 1024 / 1024) + 16;
    const of = (what: string, value: number, unit: string) => ({ attack: ATTACK, what, value, unit });
    return [
      always(ATTACK, 'answers, own zone', own.answered, names),
      always(ATTACK, 'answers, upstream', away.answered, names),
      {
        ...of('heap growth, own zone', round(afterOwn.heap - before.heap), 'MB'),
        bound: { atMost: 8, because: 'names that do not exist leave nothing behind' },
      },
      {
        ...of('heap growth, upstream', round(after.heap - afterOwn.heap), 'MB'),
        bound: { atMost: heapBound, because: 'the cache is full, and nothing else has grown' },
      },
      {
        ...of('RSS growth', round(after.rss - before.rss), 'MB'),
        bound: { atMost: heapBound + RSS_SLACK, because: 'the same, and garbage of the last queries' },
      },
      {
        ...of('bytes in the cache', bytes, 'bytes'),
        bound: { atMost: cacheBytes * 1.2, because: 'what the cache may hold, and a fifth for denials' },
      },
      always(
        ATTACK,
        'honest queries for a hot name answered',
        own.hotRight + away.hotRight,
        own.hot + away.hot,
      ),
      {
        ...of('hit rate of the hot name', round(hitRate * 100), '%'),
        bound: { atLeast: 99, because: 'what is asked for often is not evicted' },
      },
      never(ATTACK, 'faults', daemon.faults.length, 2 * names),
    ];
  } finally {
    client.close();
    await daemon.stop();
    await upstream.close();
  }
}
