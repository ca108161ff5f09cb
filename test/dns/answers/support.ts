import { Catalog } from '../../../src/catalog/catalog.js';
import { Compiler } from '../../../src/dns/answers/compiler.js';
import { LocalAnswers } from '../../../src/dns/answers/local.js';
import { Publisher } from '../../../src/dns/answers/answer-publisher.js';
import { Versions } from '../../../src/dns/answers/versions.js';
import type { StoreOptions } from '../../../src/dns/answers/store.js';
import { createResponder } from '../../../src/dns/server/responder.js';
import { Zone, type ZoneOptions } from '../../../src/dns/zone/zone.js';
import { isNearby } from '../../../src/dns/zone/access.js';
import { decodeMessage } from '../../../src/wire/message.js';
import { recordToText } from '../../../src/wire/record-text.js';

const SERIAL_BASE = 1000;

/** A catalog, the responder over it, and compiled answers beside it, reported every change as the daemon tells them. */
export function ground(
  over: Partial<ZoneOptions> = {},
  store: StoreOptions = { words: 1 << 16, entries: 1 << 10 },
  { denialSeconds, answerSeconds }: { denialSeconds?: number; answerSeconds?: number } = {},
) {
  const catalog = new Catalog({ clock: () => 0 });
  const zone = new Zone({
    catalog,
    domain: 'rancher.internal',
    environment: 'default',
    ttl: 7,
    negativeTtl: 3,
    nameServers: ['169.254.169.250'],
    serialBase: SERIAL_BASE,
    ...over,
  });
  const responder = createResponder({ resolver: zone });
  const versions = new Versions();
  let now = 0;
  const compiler = new Compiler({
    versions,
    snapshot: () => catalog.snapshot,
    environment: () => 'default',
    isServed: isNearby,
    resolve: (snapshot, view, question) => zone.resolveFor(snapshot, view, question),
    onFault: (error) => {
      throw error;
    },
    now: () => now,
    denialSeconds: () => denialSeconds,
    answerSeconds: () => answerSeconds,
  });
  const answers = new LocalAnswers({ versions, compiler, now: () => now, store });
  const publisher = new Publisher({ versions, compiler, install: (entry) => install(entry) });
  let install = (entry: Int32Array) => answers.install(entry);
  let isLoaded = false;
  catalog.onChange(({ lookups, networks }, snapshot) => {
    const isNew =
      snapshot.loaded !== isLoaded ||
      [...networks.added, ...networks.changed, ...networks.removed].length > 0;
    isLoaded = snapshot.loaded;
    publisher.publish(isNew ? 'all' : lookups, SERIAL_BASE + snapshot.revision);
  });
  return {
    catalog,
    zone,
    responder,
    versions,
    compiler,
    answers,
    /** Where entries go that are made again; to `answers` by default. */
    installTo: (other: typeof install) => {
      install = other;
    },
    setNow: (seconds: number) => {
      now = seconds;
    },
    /** What the compiled answer is, learning it when there is none yet. */
    ask: (packet: Uint8Array, from: string): Buffer | undefined => {
      const known = answers.answer(packet, from);
      if (!known) answers.learn(packet, from);
      return known;
    },
    /** What everybody else would get. */
    plain: (packet: Uint8Array, from: string): Buffer | undefined => {
      const reply = responder.respond(packet, { address: from, port: 5353, transport: 'udp' });
      if (reply instanceof Promise) throw new Error('nobody is to be asked here');
      return reply;
    },
  };
}

/** A reply without the order of its records: header, question in its case, sections. */
export function sorted(reply: Uint8Array | undefined): unknown {
  if (!reply) return undefined;
  const decoded = decodeMessage(reply);
  if (!decoded.ok) return decoded;
  const { id, flags, questions, answers, authority, additionals, edns } = decoded.message;
  const texts = (records: typeof answers) => records.map(recordToText).sort();
  return {
    id,
    flags,
    octets: reply.length,
    questions,
    answers: texts(answers),
    authority: texts(authority),
    additionals: texts(additionals),
    edns,
  };
}
