import type { Assertion, AssertedSuite, Metadata, ObservedSuite, Sections } from './case-file.js';
import { deviations } from './deviations.js';
import { noData, type RecordCheck, type Want } from './expectation.js';
import { environmentOf, healthOf, metadataFacts, validIp } from './metadata-facts.js';
import { readRecommendation, unread } from './recommendations.js';
import { listFault, type CaseResult, type Mismatch } from './result.js';
import { catalogOf, createSubject, type Subject } from './subject.js';

/** Somebody whom no case knows: full names only, and no links. */
const STRANGER = '192.0.2.53';

/** The assertions of upstream's own tests, and as one more case the whole output of the generator. */
export async function runAsserted({
  id,
  input,
  cases,
  golden_answers,
}: AssertedSuite): Promise<CaseResult[]> {
  const subject = subjectFor(input);
  const all = [
    ...cases.map(({ name, expect }) => ({ name, checks: expect.map(assertedCheck) })),
    { name: 'golden_answers', checks: sectionChecks(golden_answers) },
  ];
  const results: CaseResult[] = [];
  for (const { name, checks } of all) {
    const given = checks.map((check) => deviate(check, input));
    results.push({ suite: id, name, mismatches: await runChecks(subject, given, input) });
  }
  return results;
}

/** Inputs of their own, each with what the generator made of it and what it should have made. */
export async function runObserved({ id, cases }: ObservedSuite): Promise<CaseResult[]> {
  const results: CaseResult[] = [];
  for (const { name, input, observed, recommended } of cases) {
    const change = readRecommendation(recommended);
    if (!change) {
      results.push({ suite: id, name, mismatches: [unread(recommended)] });
      continue;
    }
    const checks = observed.answers ? sectionChecks(observed.answers) : plainChecks(input);
    const given = checks
      .map((check) => ({ ...check, want: change.records?.(check, { input }) ?? check.want }))
      .map((check) => deviate(check, input));
    results.push({ suite: id, name, mismatches: await runChecks(subjectFor(input), given, input) });
  }
  return results;
}

function subjectFor(input: Metadata): Subject {
  return createSubject({ catalog: catalogOf(metadataFacts(input)), environment: environmentOf(input) });
}

function assertedCheck(assertion: Assertion): RecordCheck {
  const { section, type, name = '' } = assertion;
  return { section, type, name: name.toLowerCase(), want: wantOf(assertion) };
}

function wantOf({ equals, count, record_count, absent }: Assertion): Want {
  if (absent) return noData;
  if (record_count !== undefined) return { kind: 'private-names', count: record_count };
  if (count !== undefined) return { kind: 'count', count };
  return { kind: 'data', data: typeof equals === 'string' ? [equals] : (equals ?? []) };
}

function sectionChecks(sections: Sections): RecordCheck[] {
  return Object.entries(sections).flatMap(([section, { A, CNAME }]) => [
    ...Object.entries(A).map(([name, data]) => dataCheck(section, 'A', name, data)),
    ...Object.entries(CNAME).map(([name, target]) => dataCheck(section, 'CNAME', name, [target])),
  ]);
}

/** What plain services and containers give, where Rancher gave nothing at all. */
function plainChecks({ services, containers }: Metadata): RecordCheck[] {
  const own = services.map((service) => {
    const healthy = service.containers.filter((each) => healthOf(each, service) === 'healthy');
    const name = `${service.name}.${service.stack_name}.rancher.internal.`;
    return dataCheck(
      'default',
      'A',
      name,
      healthy.map((each) => each.primary_ip),
    );
  });
  const named = containers.map((each) =>
    dataCheck('default', 'A', `${each.name}.rancher.internal.`, [each.primary_ip]),
  );
  return [...own, ...named];
}

function dataCheck(section: string, type: 'A' | 'CNAME', name: string, data: readonly string[]): RecordCheck {
  return { section, type, name: name.toLowerCase(), want: { kind: 'data', data } };
}

function deviate(check: RecordCheck, input: Metadata): RecordCheck {
  return deviations.reduce(
    (left, { records }) => ({ ...left, want: records?.(left, { input }) ?? left.want }),
    check,
  );
}

async function runChecks(
  subject: Subject,
  checks: readonly RecordCheck[],
  input: Metadata,
): Promise<Mismatch[]> {
  const mismatches: Mismatch[] = [];
  for (const check of checks) {
    const fault = await faultOf(subject, check, input);
    if (fault !== undefined) mismatches.push({ asked: askedBy(check), fault });
  }
  return mismatches;
}

function askedBy({ section, name, type }: RecordCheck): string {
  return [section, name || 'names of its own', type].join(' ');
}

async function faultOf(subject: Subject, check: RecordCheck, input: Metadata): Promise<string | undefined> {
  const { section, type, name, want } = check;
  const client = section === 'default' ? STRANGER : (validIp(section) ?? section);
  switch (want.kind) {
    case 'data': {
      const data = await dataOf(subject, name, type, client);
      const expected = type === 'A' ? want.data.map((ip) => validIp(ip) ?? ip) : want.data;
      return typeof data === 'string' ? data : listFault(expected, data);
    }
    case 'count': {
      const data = await dataOf(subject, name, type, client);
      if (typeof data === 'string') return data;
      return data.length === want.count
        ? undefined
        : `expected ${want.count} records, got ${data.join(' ') || 'nothing'}`;
    }
    case 'private-names': {
      const names = await privateNames(subject, type, client, input);
      return names.length === want.count
        ? undefined
        : `expected ${want.count} names, got ${names.join(' ') || 'none'}`;
    }
  }
}

/** The data at a name itself; in words what is wrong when the reply is not a plain answer. */
async function dataOf(
  subject: Subject,
  name: string,
  type: string,
  client: string,
): Promise<readonly string[] | string> {
  const reply = await subject.ask(name, type, client);
  if (!reply) return 'expected a reply, got silence';
  const data = reply.answers
    .filter((record) => record.type === type && record.owner.toLowerCase() === name)
    .map((record) => record.data);
  if (data.length === 0 || (reply.rcode === 'NOERROR' && reply.flags.has('aa'))) return data;
  return `expected an authoritative answer, got ${reply.rcode} with ${data.join(' ')}`;
}

/** The names of links, in both of their forms, that this client is answered and a stranger is not. */
async function privateNames(
  subject: Subject,
  type: string,
  client: string,
  { services, containers, linkable_services }: Metadata,
): Promise<readonly string[]> {
  const ofServices = [...services, ...Object.values(linkable_services)].flatMap(({ links }) =>
    Object.entries(links).flatMap(([key, alias]) => [alias, `${alias}.${key.split('/').at(-2) ?? ''}`]),
  );
  const ofContainers = containers.flatMap(({ links }) => Object.keys(links));
  const found: string[] = [];
  for (const alias of new Set([...ofServices, ...ofContainers].filter((each) => /^[\w.-]+$/.test(each)))) {
    const name = `${alias.toLowerCase()}.rancher.internal.`;
    const [own, strange] = await Promise.all([
      dataOf(subject, name, type, client),
      dataOf(subject, name, type, STRANGER),
    ]);
    if (own.length > 0 && strange.length === 0) found.push(name);
  }
  return found;
}
