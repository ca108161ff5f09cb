import { z } from 'zod';

/**
 * Files of expectations taken from Rancher 1.6, format `fairlead-rancher-cases/1`. Input objects are sparse: a missing
 * key is the zero value. Address lists are sets; names are absolute and compared without case.
 */
const FORMAT = 'fairlead-rancher-cases/1';

const text = z
  .string()
  .nullish()
  .transform((value) => value ?? '');
const texts = z
  .array(z.string())
  .nullish()
  .transform((value) => value ?? []);
const pairs = z
  .record(z.string(), z.string())
  .nullish()
  .transform((value) => value ?? {});

const container = z.object({
  name: text,
  uuid: text,
  primary_ip: text,
  state: text,
  health_state: text,
  service_name: text,
  stack_name: text,
  environment_uuid: text,
  network_from_container_uuid: text,
  links: pairs,
});

const service = z.object({
  name: text,
  stack_name: text,
  kind: text,
  environment_uuid: text,
  primary_service_name: text,
  vip: text,
  hostname: text,
  external_ips: texts,
  health_check: z.object({ port: z.number().default(0) }).nullish(),
  links: pairs,
  containers: z
    .array(container)
    .nullish()
    .transform((value) => value ?? []),
});

const metadata = z.object({
  self_host: z.object({ environment_uuid: text }).default({ environment_uuid: '' }),
  services: z.array(service).default([]),
  containers: z.array(container).default([]),
  /** What a look-up of a link's key finds when the target is not among `services`. */
  linkable_services: z.record(z.string(), service).default({}),
});

const section = z.object({
  A: z.record(z.string(), z.array(z.string())).default({}),
  CNAME: z.record(z.string(), z.string()).default({}),
});
const sections = z.record(z.string(), section);

const assertion = z.object({
  /** `default`, or a client's address. */
  section: z.string(),
  type: z.enum(['A', 'CNAME']),
  name: z.string().optional(),
  equals: z.union([z.string(), z.array(z.string())]).optional(),
  count: z.number().optional(),
  record_count: z.number().optional(),
  absent: z.boolean().optional(),
});

const assertedSuite = z.object({
  id: z.string(),
  input: metadata,
  cases: z.array(z.object({ name: z.string(), expect: z.array(assertion) })),
  golden_answers: sections,
});

const observedSuite = z.object({
  id: z.string(),
  cases: z.array(
    z.object({
      name: z.string(),
      input: metadata,
      observed: z.object({ answers: sections.nullable() }),
      recommended: z.string().optional(),
    }),
  ),
});

const shuffleSuite = z.object({
  id: z.string(),
  cases: z.array(
    z.object({
      name: z.string(),
      input: z.array(z.object({ owner: z.string(), type: z.string(), ttl: z.number() })),
      runs: z.number(),
      expect: z.object({
        equals: z.array(z.string()).optional(),
        unchanged: z.boolean().optional(),
        unchanged_every_run: z.boolean().optional(),
        fixed_prefix: z.array(z.string()).default([]),
        each_first_at_least_once: z.array(z.string()).default([]),
      }),
    }),
  ),
});

const generated = z.object({ generate: z.object({ count: z.number(), first: z.string() }) });
const answerOf = <T extends z.ZodType>(answer: T) => z.object({ answer, ttl: z.number().optional() });
const fixtureSection = z.object({
  search: texts,
  recurse: texts,
  a: z
    .record(
      z.string(),
      z.union([answerOf(z.array(z.string())), generated.transform(({ generate }) => ({ generate }))]),
    )
    .default({}),
  cname: z.record(z.string(), answerOf(z.string())).default({}),
  ptr: z.record(z.string(), answerOf(z.string())).default({}),
  txt: z.record(z.string(), answerOf(z.array(z.string()))).default({}),
});

const observation = z.object({
  rcode: z.string(),
  flags: z.array(z.string()),
  answer: texts,
  answer_summary: z.object({ count: z.number() }).optional(),
  authority: texts,
});

const wireSuite = z.object({
  id: z.string(),
  /** An answers file of rancher-dns: `default` and one section a client. */
  fixture_answers: z.record(z.string(), fixtureSection),
  cases: z.array(
    z.object({
      id: z.string(),
      client: z.string(),
      transport: z.enum(['udp', 'tcp']),
      /** `NAME CLASS TYPE`. */
      query: z.string().optional(),
      query_hex: z.string().optional(),
      edns_bufsize: z.number().optional(),
      server_args: texts,
      /** A list: what came back each time when the query was repeated. */
      observed: z.union([observation.transform((one) => [one]), z.array(observation)]),
      /** `NAME TYPE udp|tcp [edns] @5301`. */
      upstream_queries: texts,
      recommended: z.string().optional(),
    }),
  ),
});

export type Container = z.infer<typeof container>;
export type RancherService = z.infer<typeof service>;
export type Metadata = z.infer<typeof metadata>;
export type Sections = z.infer<typeof sections>;
export type Assertion = z.infer<typeof assertion>;
export type AssertedSuite = z.infer<typeof assertedSuite>;
export type ObservedSuite = z.infer<typeof observedSuite>;
export type ShuffleSuite = z.infer<typeof shuffleSuite>;
export type WireSuite = z.infer<typeof wireSuite>;
export type WireCase = WireSuite['cases'][number];
export type Observation = z.infer<typeof observation>;
export type FixtureAnswers = WireSuite['fixture_answers'];

export type Suite =
  | { readonly kind: 'asserted'; readonly suite: AssertedSuite }
  | { readonly kind: 'observed'; readonly suite: ObservedSuite }
  | { readonly kind: 'shuffle'; readonly suite: ShuffleSuite }
  | { readonly kind: 'wire'; readonly suite: WireSuite }
  /** A suite that is about something else than the names that Fairlead serves. */
  | { readonly kind: 'other'; readonly id: string; readonly cases: number };

const head = z.object({ id: z.string(), cases: z.array(z.unknown()) });
const file = z.object({ format: z.literal(FORMAT), suites: z.array(z.unknown()) });

/** Suites by id, with the shape that each has. */
const readers: Readonly<Record<string, (value: unknown) => Suite>> = {
  'v1.6-main': (value) => ({ kind: 'asserted', suite: assertedSuite.parse(value) }),
  'v1.6-regions': (value) => ({ kind: 'asserted', suite: assertedSuite.parse(value) }),
  'v1.6-extra': (value) => ({ kind: 'observed', suite: observedSuite.parse(value) }),
  shuffle: (value) => ({ kind: 'shuffle', suite: shuffleSuite.parse(value) }),
  wire: (value) => ({ kind: 'wire', suite: wireSuite.parse(value) }),
  'wire-cname': (value) => ({ kind: 'wire', suite: wireSuite.parse(value) }),
};

/** @throws ZodError when the value is not a case file, or a suite does not have the shape that its id says */
export function readCaseFile(value: unknown): readonly Suite[] {
  return file.parse(value).suites.map((one) => {
    const { id, cases } = head.parse(one);
    return readers[id]?.(one) ?? { kind: 'other', id, cases: cases.length };
  });
}
