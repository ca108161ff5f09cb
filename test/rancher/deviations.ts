import type { Container, Metadata, RancherService } from './case-file.js';
import { noData, type Change, type RecordCheck, type WireExpectation } from './expectation.js';
import { healthOf, isRunning, validIp } from './metadata-facts.js';
import type { RecordText } from './subject.js';
import { forwarded, ownDenial } from './wire-forms.js';

/** Where Fairlead does otherwise than Rancher did although no `recommended` says so. */
export interface Deviation extends Change {
  readonly what: string;
  /** Where it was decided. */
  readonly source: string;
}

/** Applied in this order, each to what the one before it left. */
export const deviations: readonly Deviation[] = [
  {
    what: "a name of a Kubernetes cluster's own domain is denied: that cluster's DNS answers it",
    source: 'docs/design.md, "The names"; RFC 6762 section 22.1',
    records: ({ name }) => (name.endsWith('.cluster.local.') ? noData : undefined),
  },
  {
    what: 'a container that does not run has no address under its own name',
    source:
      'reference/rancher.md section 8, "no stopped container in any answer"; docs/dns.md, "Which address"',
    records: (check, { input }) => {
      const named = containersOf(input).filter((each) => containerName(each) === check.name);
      return check.section === 'default' && named.length > 0 && !named.some(isRunning)
        ? scaled(check, [])
        : undefined;
    },
  },
  {
    what: 'a service without a healthy container gives no address of one that does not run, and all that run when most are unhealthy',
    source: 'reference/rancher.md section 8; docs/design.md, "Never empty"',
    records: (check, { input }) => {
      const service = input.services.find((each) => serviceName(each) === check.name);
      if (!service || service.vip !== '' || service.containers.length === 0) return undefined;
      const health = service.containers.map((each) => healthOf(each, service));
      if (health.includes('healthy')) return undefined;
      const running = service.containers.filter(isRunning);
      const unhealthy = health.filter((each) => each === 'unhealthy').length;
      const given = unhealthy * 2 > running.length ? running.map((each) => each.primary_ip) : [];
      return scaled(check, given);
    },
  },
  {
    what: 'a packet shorter than a header gets silence: it has no ID to answer to',
    source: 'reference/dns.md section 1, item 2',
    wire: (expected, { packet }) => (packet.length < 12 ? { ...expected, rcodes: [] } : undefined),
  },
  {
    what: 'a class other than IN is refused',
    source: 'reference/dns.md section 1, item 17',
    wire: (_, { question }) =>
      question && question.class !== 'IN' ? { ...bare('REFUSED'), ra: true } : undefined,
  },
  {
    what: 'ANY is answered with one HINFO record',
    source: 'reference/dns.md section 1, item 57; RFC 8482 section 4.2',
    wire: (expected, { question }) =>
      question?.type === 'ANY'
        ? { ...expected, rcodes: ['NOERROR'], aa: true, ra: true, answers: 1 }
        : undefined,
  },
  {
    what: 'recursion is offered (RA) in every reply to a question that was read; an error about the packet has no flag',
    source: 'reference/dns.md section 1, items 6 and 14',
    wire: (expected) => {
      const unread = expected.rcodes.every((rcode) => rcode === 'FORMERR' || rcode === 'NOTIMP');
      return { ...expected, ra: !unread, ...(unread && { aa: false }) };
    },
  },
  {
    what: 'of an answer larger than a TCP message can be comes what fits',
    source: 'docs/dns.md, "Floods and forgeries"',
    wire: (_, { case: { transport, observed } }) =>
      transport === 'tcp' && observed[0]?.rcode === 'SERVFAIL' && observed[0].answer_summary === undefined
        ? { ...bare('NOERROR'), aa: true, ra: true, answers: 4093 }
        : undefined,
  },
  {
    what: 'a denial of our own has the SOA of the zone that it speaks for',
    source: 'reference/dns.md section 1, item 48; RFC 2308 section 2',
    wire: (expected) => {
      const negative = expected.rcodes.every((rcode) => rcode === 'NOERROR' || rcode === 'NXDOMAIN');
      const empty = Array.isArray(expected.answers) && expected.answers.length === 0;
      return expected.aa && negative && empty ? { ...expected, authority: 'soa' } : undefined;
    },
  },
  {
    what: 'an address of ours that has no time to live of its own keeps the whole one: only a cache counts down',
    source: 'docs/dns.md, "Names"; RFC 1034 section 3.6',
    wire: (expected, { ttl }) => {
      const { answers } = expected;
      if (!expected.aa || typeof answers === 'number') return undefined;
      const whole = answers.map((record) => (record.ttl === ttl - 1 ? { ...record, ttl } : record));
      return { ...expected, answers: whole };
    },
  },
  {
    what: 'a client that is not known gets full names only; its short names of one label are denied, others go upstream',
    source: 'docs/design.md, "Answers depend on who asks"; docs/dns.md, "Short names"',
    wire: (expected, context) => {
      const { question, knownClient } = context;
      if (!question || knownClient || !expected.aa || below(question.name)) return undefined;
      return question.name.includes('.') ? forwarded(context) : ownDenial('NXDOMAIN');
    },
  },
  {
    what: 'a single label that nobody has is denied and never goes upstream',
    source: 'docs/dns.md, "Short names", step 4',
    wire: (expected, { question }) =>
      question && !question.name.includes('.') && !expected.aa && expected.upstream.size > 0
        ? ownDenial('NXDOMAIN')
        : undefined,
  },
  {
    what: 'the SOA of a zone that the name is not in is not handed on',
    source: 'reference/dns.md section 1, item 67',
    wire: (expected, { question }) => {
      const { authority } = expected;
      if (!question || expected.aa || !Array.isArray(authority)) return undefined;
      const isAbove = ({ owner }: RecordText) => `.${question.name.toLowerCase()}.`.endsWith(`.${owner}`);
      return { ...expected, authority: authority.filter(isAbove) };
    },
  },
];

function bare(rcode: string): WireExpectation {
  return { rcodes: [rcode], aa: false, ra: false, answers: [], authority: [], upstream: new Set() };
}

function below(name: string): boolean {
  return name.toLowerCase().endsWith('rancher.internal');
}

/** The same kind of check for other addresses. */
function scaled({ want }: RecordCheck, data: readonly string[]): RecordCheck['want'] | undefined {
  const valid = data.map(validIp).filter((ip) => ip !== undefined);
  if (want.kind === 'private-names') return undefined;
  return want.kind === 'data' ? { kind: 'data', data: valid } : { kind: 'count', count: valid.length };
}

function containersOf({ containers, services }: Metadata): readonly Container[] {
  return [...containers, ...services.flatMap((service) => service.containers)];
}

function containerName({ name }: Container): string {
  return `${name.toLowerCase()}.rancher.internal.`;
}

function serviceName({ name, stack_name, primary_service_name: primary }: RancherService): string {
  const labels = primary === '' || primary === name ? [name, stack_name] : [name, primary, stack_name];
  return `${labels.join('.').toLowerCase()}.rancher.internal.`;
}
