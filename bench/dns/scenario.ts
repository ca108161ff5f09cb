import type { Question } from './question.js';
import type { ReplyTail } from './reply-tail.js';
import {
  FOREIGN,
  FOREIGN_TTL,
  OWN_TTL,
  ownerOf,
  srvOwnerOf,
  targetOf,
  type BenchService,
  type ZoneShape,
} from './zone.js';

export type ServerKey =
  'floor' | 'fairlead' | 'fairlead-dgram' | 'dnsmasq' | 'unbound' | 'bind' | 'nsd' | 'knot' | 'consul';

/** Of those that are asked the same way; `churn` (churn.ts) is not. */
export const SCENARIOS = ['own', 'cached', 'wide', 'short', 'edns', 'mixed'] as const;
export type ScenarioKey = (typeof SCENARIOS)[number];

/** What is asked of whom. */
export interface Scenario {
  readonly key: ScenarioKey;
  readonly title: string;
  readonly shape: ZoneShape;
  /** Names of others, which the servers have from an upstream; otherwise their own. */
  readonly foreign: boolean;
  /** How many addresses ask, each in turn. Above 1, client i is known to Fairlead as one of stack i. */
  readonly clients: number;
  /** The highest CPU time of a query that is good enough, as a multiple of the floor's. */
  readonly bar: number;
  /** Who can answer this. */
  readonly servers: readonly ServerKey[];
  /** In the order in which they are asked. */
  questions(zone: readonly BenchService[]): readonly Question[];
  /** What the floor says. */
  tails(zone: readonly BenchService[]): readonly ReplyTail[];
}

/** The address of the first client; the next ones follow it. */
export const FIRST_CLIENT = '127.64.0.1';
/** What the upstream says for every foreign name. */
export const FOREIGN_ADDRESSES = ['203.0.113.1', '203.0.113.2', '203.0.113.3'];

const FOREIGN_NAMES = 1000;
const VIEWS = 200;

const usual: ZoneShape = { services: 1000, tasks: 3, stacks: 50, dual: false };
const wide: ZoneShape = { services: 10_000, tasks: 10, stacks: VIEWS, dual: false };

const FLOOR_AND_OWN = ['floor', 'fairlead', 'fairlead-dgram'] as const;
const AUTHORITATIVE = [...FLOOR_AND_OWN, 'dnsmasq', 'unbound', 'bind', 'nsd', 'knot'] as const;

const ofA = (service: BenchService, edns = false): Question => ({
  name: ownerOf(service),
  type: 'A',
  edns,
  expected: service.tasks.map(({ ip }) => ip),
});

const addressTails = (zone: readonly BenchService[]): readonly ReplyTail[] => [
  {
    type: 'A',
    authoritative: true,
    ttl: OWN_TTL,
    answers: zone[0]?.tasks.map(({ ip }) => ip) ?? [],
    additional: [],
  },
];

const own: Scenario = {
  key: 'own',
  title: 'own names: A, 1,000 services, 3 addresses each',
  shape: usual,
  foreign: false,
  clients: 1,
  bar: 1.15,
  servers: [...AUTHORITATIVE, 'consul'],
  questions: (zone) => shuffled(zone.map((service) => ofA(service))),
  tails: addressTails,
};

const all: Record<ScenarioKey, Scenario> = {
  own,
  cached: {
    ...own,
    key: 'cached',
    title: 'cached foreign names: A, 1,000 names, 3 addresses each',
    foreign: true,
    bar: 1.25,
    servers: [...FLOOR_AND_OWN, 'dnsmasq', 'unbound', 'bind'],
    questions: () =>
      shuffled(
        Array.from({ length: FOREIGN_NAMES }, (_, index) => ({
          name: `host${String(index).padStart(4, '0')}.${FOREIGN}`,
          type: 'A' as const,
          edns: false,
          expected: FOREIGN_ADDRESSES,
        })),
      ),
    tails: () => [
      { type: 'A', authoritative: false, ttl: FOREIGN_TTL, answers: FOREIGN_ADDRESSES, additional: [] },
    ],
  },
  wide: {
    ...own,
    key: 'wide',
    title: 'A, 10,000 services, 10 addresses each, asked by 200 clients of 200 stacks',
    shape: wide,
    clients: VIEWS,
    servers: AUTHORITATIVE,
  },
  short: {
    ...own,
    key: 'short',
    title: 'bare names, 10,000 services, 10 addresses each, each asked by a client of its own stack',
    shape: wide,
    clients: VIEWS,
    servers: FLOOR_AND_OWN,
    // Service i is in stack i modulo VIEWS, and client i asks question i modulo VIEWS: whole rows change places.
    questions: (zone) => {
      const rows = Array.from({ length: zone.length / VIEWS }, (_, row) => row);
      return shuffled(rows).flatMap((row) =>
        zone
          .slice(row * VIEWS, (row + 1) * VIEWS)
          .map((service) => ({ ...ofA(service), name: service.name })),
      );
    },
  },
  edns: {
    ...own,
    key: 'edns',
    title: 'own names with EDNS (1,232 octets): A, 1,000 services, 3 addresses each',
    questions: (zone) => shuffled(zone.map((service) => ofA(service, true))),
  },
  mixed: {
    ...own,
    key: 'mixed',
    title: 'own names: A, AAAA and SRV 4:1:1, 1,000 services, 3 tasks each with two addresses',
    shape: { ...usual, dual: true },
    servers: AUTHORITATIVE,
    questions: (zone) =>
      shuffled(
        zone.flatMap((service) => {
          const a = ofA(service);
          const aaaa: Question = { ...a, type: 'AAAA', expected: service.tasks.flatMap(ip6Of) };
          const name = srvOwnerOf(service);
          const srv: Question = { ...a, name, type: 'SRV', expected: service.tasks.map(targetOf) };
          return [a, a, a, a, aaaa, srv];
        }),
      ),
    tails: (zone) => {
      const tasks = zone[0]?.tasks ?? [];
      const common = { authoritative: true, ttl: OWN_TTL };
      return [
        { ...common, type: 'A', answers: tasks.map(({ ip }) => ip), additional: [] },
        { ...common, type: 'AAAA', answers: tasks.flatMap(ip6Of), additional: [] },
        {
          ...common,
          type: 'SRV',
          answers: tasks.map(targetOf),
          additional: tasks.flatMap((task) => [task.ip, ...ip6Of(task)]),
        },
      ];
    },
  },
};

export const scenarioOf = (key: ScenarioKey): Scenario => all[key];

const ip6Of = ({ ip6 }: { readonly ip6?: string }): string[] => (ip6 === undefined ? [] : [ip6]);

/** The same order in every run (Fisher-Yates with a linear congruential generator). */
function shuffled<T>(values: readonly T[]): T[] {
  const left = [...values];
  let state = 1;
  const random = (below: number) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
  return values.map(() => {
    const index = random(left.length);
    const picked = left[index];
    const last = left.pop();
    if (picked === undefined || last === undefined) throw new Error('nothing left to pick');
    if (index < left.length) left[index] = last;
    return picked;
  });
}
