import { fullName } from '../packets.js';
import type { Difference } from './compare.js';

/** A difference that is to be. */
interface Wanted {
  readonly why: string;
  readonly holds: (difference: Difference) => boolean;
}

const loops = ['loopa.stack', 'loopb.stack', 'ext-loop.stack'].map(fullName);

const wanted: readonly Wanted[] = [
  {
    why: 'a loop of CNAMEs is SERVFAIL at both; named sends the CNAMEs along, which help nobody',
    holds: ({ name, fairlead, named }) =>
      loops.includes(name) && /^SERVFAIL( AA)?, no SOA: $/.test(fairlead) && named.startsWith('SERVFAIL'),
  },
  {
    why: "DS of a zone's top is its parent's, whom named asks; nobody delegates these zones, and the question may not leave",
    holds: ({ type, fairlead, named }) =>
      type === 'DS' && fairlead === 'NOERROR AA, SOA: ' && named === 'NOERROR, SOA: ',
  },
  {
    why: 'of an answer that no message can hold comes what fits, over TCP without TC: there is no larger transport to go on to',
    holds: ({ name, fairlead, named }) =>
      name === fullName('huge.stack') &&
      fairlead.startsWith('NOERROR AA, no SOA: ') &&
      named.startsWith('NOERROR AA TC'),
  },
  {
    why: "SRV at a service's own name gives all its ports, as Consul does; a zone file has no such rule",
    holds: ({ type, fairlead, named }) =>
      type === 'SRV' && withoutPorts(fairlead) === named.replace('AA, SOA: ', 'AA, no SOA: '),
  },
];

/** An answer without the ports of services: what is left is the way to them. */
function withoutPorts(said: string): string {
  const [head = '', records = ''] = said.split(': ', 2);
  const kept = records.split('; ').filter((record) => !/ in srv 0 256 80 /.test(record));
  return `${head}: ${kept.join('; ')}`;
}

/** Why two answers are to differ; undefined when they are not. */
export function wantedFor(difference: Difference): string | undefined {
  return wanted.find(({ holds }) => holds(difference))?.why;
}
