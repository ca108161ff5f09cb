import { noData, type Change } from './expectation.js';
import type { Mismatch } from './result.js';
import { chased, forwarded, ownDenial } from './wire-forms.js';

/** What a `recommended` sentence asks for. The first entry that matches counts. */
interface Recommendation {
  readonly says: RegExp;
  /** @param found what the groups of `says` matched */
  readonly change: (found: readonly string[]) => Change;
}

const asRancherDid: Change = {};

const recommendations: readonly Recommendation[] = [
  // About records.
  { says: /^(?:records )?as observed/, change: () => asRancherDid },
  // Address lists are sets here, so a doubled address is the same list.
  { says: /^deduplicate/, change: () => asRancherDid },
  // Both of these follow from what Fairlead decides for every service: see the table of deviations.
  { says: /panic mode\), never a stopped one$/, change: () => asRancherDid },
  { says: /^NODATA \(stopped container/, change: () => asRancherDid },
  {
    says: /^skip that one alias/,
    change: () => ({
      records: ({ name }, { input }) =>
        input.services.some((each) => each.kind === 'dnsService' && name.startsWith(`${each.name}.`))
          ? noData
          : undefined,
    }),
  },
  {
    says: /^CNAME and A may not coexist .*A preferred/,
    change: () => ({ records: ({ type }) => (type === 'CNAME' ? noData : undefined) }),
  },
  {
    says: /or refuse dotted aliases$/,
    change: () => ({ records: ({ section }) => (section === 'default' ? undefined : noData) }),
  },
  {
    says: /^apply the health rule: only ([\d.]+)$/,
    change: ([ip = '']) => ({
      records: ({ section }) => (section === 'default' ? undefined : { kind: 'data', data: [ip] }),
    }),
  },
  {
    says: /^running container must win over a stopped one of the same name: ([\d.]+)$/,
    change: ([ip = '']) => ({
      records: ({ name }, { input }) =>
        input.containers.some((each) => name.startsWith(`${each.name}.`))
          ? { kind: 'data', data: [ip] }
          : undefined,
    }),
  },
  // About packets.
  {
    says: /^NXDOMAIN\/NODATA locally, not forwarded/,
    change: () => ({ wire: () => ownDenial('NXDOMAIN', 'NOERROR') }),
  },
  { says: /^NODATA/, change: () => ({ wire: () => ownDenial('NOERROR') }) },
  { says: /^NXDOMAIN aa ra \+ SOA/, change: () => ({ wire: () => ownDenial('NXDOMAIN') }) },
  { says: /^serve AAAA; never put IPv6 bytes/, change: () => ({ wire: () => ownDenial('NOERROR') }) },
  {
    says: /^answer the SOA/,
    change: () => ({ wire: () => ({ ...ownDenial('NOERROR'), answers: 1, authority: [] }) }),
  },
  {
    says: /must not be completed server-side before/,
    change: () => ({ wire: (_, context) => forwarded(context) }),
  },
  { says: /^pass NXDOMAIN through/, change: () => ({ wire: (_, context) => forwarded(context) }) },
  { says: /^CNAME \+ upstream/, change: () => ({ wire: (_, context) => chased(context) }) },
  // The owner of every answer is compared with the name as it was asked, case and all.
  { says: /^echo the query name case/, change: () => asRancherDid },
  // What becomes of an answer that no message can hold is in the table of deviations.
  { says: /^cap the RRset/, change: () => asRancherDid },
  {
    says: /^(FORMERR|NOTIMP|REFUSED|SERVFAIL)\b/,
    change: ([rcode = '']) => ({
      wire: () => ({
        rcodes: [rcode],
        aa: undefined,
        ra: true,
        answers: [],
        authority: 'any',
        upstream: new Set<string>(),
      }),
    }),
  },
];

/** @returns undefined for a sentence that no entry reads: to pass over it would be to guess */
export function readRecommendation(sentence: string | undefined): Change | undefined {
  if (sentence === undefined) return asRancherDid;
  for (const { says, change } of recommendations) {
    const match = says.exec(sentence);
    if (match) return change(match.slice(1));
  }
  return undefined;
}

/** The mismatch of a case whose sentence nobody can read. */
export function unread(sentence: string | undefined): Mismatch {
  return { asked: 'recommended', fault: `no entry of recommendations.ts reads "${sentence ?? ''}"; add one` };
}
