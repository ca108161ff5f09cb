import { isDeepStrictEqual } from 'node:util';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isSavedState } from '../../src/state/saved-check.js';
import { savedState } from '../../src/state/saved-schema.js';
import { runs } from '../support/depth.js';

const text = fc.constantFrom('', 'a', 'web', '10.0.0.1', 'healthy', 'task', '__proto__', 'constructor');
const number = fc.oneof(fc.nat(70_000), fc.constantFrom(-1, 0.5, 1e15));
const texts = fc.array(text, { maxLength: 3 });
const textMap = fc.dictionary(fc.constantFrom('a', 'b', 'toString'), text, { maxKeys: 2 });
const optional = <T>(shape: { [K in keyof T]: fc.Arbitrary<T[K]> }, required: (keyof T)[]) =>
  fc.record(shape, { requiredKeys: required });
const serviceRef = { environment: text, stack: text, service: text, sidekick: text };
const protocol = fc.constantFrom('tcp', 'udp', 'sctp');
const upstreams = fc.array(
  optional({ ip: text, port: number, tls: optional({ name: text }, []) }, ['ip', 'port']),
  {
    maxLength: 2,
  },
);
const balancing = optional(
  {
    scheduler: fc.constantFrom('rr', 'lc', 'mh-port'),
    affinity: number,
    proxyProtocol: fc.constantFrom('v1', 'v2', 'none'),
    acceptProxy: fc.boolean(),
    onDown: fc.constantFrom('keep', 'reset'),
    minHealthy: number,
  },
  [],
);
const list = <T>(item: fc.Arbitrary<T>) => fc.array(item, { maxLength: 2 });
const ref = fc.record(serviceRef, { requiredKeys: ['environment', 'stack', 'service'] });

/** Everything that a task may have, or nothing beyond what it must have. */
const task = fc.record(
  {
    id: text,
    node: optional({ id: text, name: text, address: text, version: text }, ['id', 'name']),
    name: text,
    names: texts,
    environment: text,
    stack: text,
    service: ref,
    origin: text,
    sealed: fc.constant(true),
    health: fc.constantFrom('initializing', 'healthy', 'unhealthy', 'reinitializing', 'draining', 'stopped'),
    reason: text,
    healthFrom: fc.constant('check'),
    selfCheck: fc.record({ ok: fc.boolean(), detail: text, at: number, took: number }),
    endpoints: list(fc.record({ network: text, ip: text })),
    networkOf: text,
    clientAddresses: texts,
    aliases: list(fc.record({ network: text, names: texts })),
    resolver: fc.record({
      path: text,
      servers: texts,
      namespace: fc.constantFrom('own', 'host', 'container', 'none'),
      isMounted: fc.boolean(),
      namespaces: texts,
      isRunning: fc.boolean(),
    }),
    asksFairlead: fc.boolean(),
    ports: list(
      optional(
        {
          port: number,
          protocol,
          name: text,
          target: number,
          published: list(fc.record({ ip: text, port: number })),
        },
        ['port', 'protocol', 'target'],
      ),
    ),
    labels: textMap,
    links: textMap,
    upstreams,
    weight: number,
    expose: fc.boolean(),
    endpointMode: fc.constantFrom('dnsrr', 'vip'),
    vip: text,
    balancing,
    image: text,
    imageId: text,
    createdAt: number,
    startedAt: number,
    restarts: number,
    stopTimeout: number,
  },
  {
    requiredKeys: [
      ...(['id', 'name', 'names', 'environment', 'stack', 'health'] as const),
      ...(['endpoints', 'ports', 'labels', 'links', 'weight', 'expose'] as const),
    ],
  },
);
const service = fc.record(
  {
    ...serviceRef,
    kind: fc.constantFrom('tasks', 'external', 'alias'),
    ports: list(optional({ port: number, protocol, name: text }, ['port', 'protocol'])),
    vip: text,
    sealed: fc.constant(true),
    balancing,
    externalIps: texts,
    hostname: text,
    aliasOf: list(ref),
    labels: textMap,
  },
  { requiredKeys: ['environment', 'stack', 'service', 'kind'] },
);
const network = optional(
  {
    id: text,
    name: text,
    driver: text,
    internal: fc.boolean(),
    subnets: texts,
    gateways: texts,
    separate: fc.constant(true),
  },
  ['id', 'name', 'driver', 'internal', 'subnets', 'gateways'],
);
const client = optional({ address: text, environment: text, stack: text, links: textMap, upstreams }, [
  'address',
  'environment',
  'stack',
  'links',
]);
const time = fc.oneof(number, fc.constantFrom(8.64e15, -8.64e15));
const state = optional(
  {
    version: fc.constant(1),
    health: fc.record({
      reports: fc.dictionary(
        fc.constantFrom('a', 'b'),
        optional(
          {
            health: fc.constantFrom('initializing', 'healthy', 'unhealthy', 'reinitializing'),
            cause: text,
            run: number,
          },
          ['health', 'cause'],
        ),
      ),
      drains: list(
        optional(
          {
            target: fc.oneof(fc.record({ task: text }), fc.record({ service: text })),
            at: time,
            until: time,
            note: text,
          },
          ['target', 'at'],
        ),
      ),
    }),
    vips: list(optional({ service: text, vip: text, goneAt: time }, ['service', 'vip'])),
    sources: fc.dictionary(
      fc.constantFrom('docker', 'file', 'consul:lab'),
      fc.record({
        asOf: number,
        facts: fc.record({
          tasks: list(task),
          services: list(service),
          networks: list(network),
          clients: list(client),
        }),
      }),
      { maxKeys: 2 },
    ),
  },
  ['version', 'sources'],
);

/** As it is written and read again. */
const parsed = state.map((value): unknown => JSON.parse(JSON.stringify(value)));

type Holder = Record<string, unknown> | unknown[];

/** Every object and list in a value. */
function holdersIn(value: unknown): Holder[] {
  if (typeof value !== 'object' || value === null) return [];
  return [value as Holder, ...Object.values(value).flatMap(holdersIn)];
}

const damage = fc.record({
  holder: fc.nat(),
  key: fc.nat(),
  how: fc.constantFrom('replace', 'remove', 'add'),
  name: fc.constantFrom('extra', 'address', 'task', 'tls', 'name', '__proto__'),
  by: fc.oneof(
    fc.constantFrom<unknown>(null, true, false, 0, 7, -1, Infinity, 9e15, '', 'x', 'tcp', 'healthy', 'check'),
    fc
      .constantFrom<() => unknown>(
        () => [],
        () => ({}),
        () => [null],
        () => ({ a: 1 }),
        () => ['a'],
      )
      .map((make) => make()),
  ),
});

/** Changes one property or item anywhere, as a disk might or another version would. */
function damaged(
  value: unknown,
  { holder, key, how, name, by }: typeof damage extends fc.Arbitrary<infer T> ? T : never,
) {
  const holders = holdersIn(value);
  const chosen = holders[holder % holders.length];
  if (chosen === undefined) return value;
  const keys = Object.keys(chosen);
  const property = how === 'add' ? name : keys[key % keys.length];
  if (property === undefined) return value;
  if (Array.isArray(chosen)) {
    if (how === 'add') chosen.push(by);
    else chosen.splice(Number(property), 1, ...(how === 'replace' ? [by] : []));
    return value;
  }
  if (how === 'remove') Reflect.deleteProperty(chosen, property);
  else
    Object.defineProperty(chosen, property, {
      value: by,
      enumerable: true,
      writable: true,
      configurable: true,
    });
  return value;
}

function acceptedAsItIs(value: unknown): boolean {
  const { success, data } = savedState.safeParse(value);
  return success && isDeepStrictEqual(data, value);
}

describe('the quick check of a saved state', () => {
  it('takes every state that is written', () => {
    fc.assert(
      fc.property(parsed, (value) => {
        expect([isSavedState(value), acceptedAsItIs(value)]).toEqual([true, true]);
      }),
    );
  });

  it('takes of damaged ones those that the schema would take and give back as they are', () => {
    let taken = 0;
    fc.assert(
      fc.property(parsed, damage, (value, how) => {
        const state = damaged(value, how);
        const isTaken = isSavedState(state);
        expect(isTaken).toBe(acceptedAsItIs(state));
        if (isTaken) taken += 1;
      }),
      { numRuns: runs(4000) },
    );
    expect(taken).toBeGreaterThan(5);
  });

  it.each<[string, unknown]>([
    ['a list', []],
    ['nothing', null],
    ['a text', 'state'],
    ['a state of another version', { version: 2, sources: {} }],
    ['a state with a list of sources', { version: 1, sources: [] }],
  ])('refuses %s', (_what, value) => {
    expect(isSavedState(value)).toBe(false);
  });
});
