import fc from 'fast-check';
import { expect, it } from 'vitest';
import { RCODE, TYPE } from '../../../src/wire/constants.js';
import { nameFromLabels } from '../../../src/wire/name.js';
import { ref, taskFact } from '../../support/facts.js';
import { recordsOf, zoneOf } from './support.js';
import { runs } from '../../support/depth.js';

const member = '10.0.0.1';

const { zone } = zoneOf(
  {
    tasks: [
      taskFact('w', {
        name: 'shop_web_1',
        service: ref('web.shop'),
        ip: member,
        ports: [{ port: 80, protocol: 'tcp', target: 80 }],
        links: { db: 'web.shop' },
      }),
      taskFact('l', { name: 'a.b.c', service: ref('log.web.shop'), ip: '10.0.0.2' }),
      taskFact('s', { name: 'six', service: ref('shop.web'), ip: 'fd00::2' }),
    ],
    services: [{ ...ref('ext.shop'), kind: 'external', hostname: 'web.shop.rancher.internal' }],
  },
  {
    records: recordsOf(
      '*.wild.rancher.internal A 10.0.0.3',
      'x.ent.wild.rancher.internal TXT "x"',
      '*.log.shop.rancher.internal CNAME web.shop.rancher.internal',
      'a.b.c.d.rancher.internal A 10.0.0.4',
      'web.lan SRV 0 0 80 web.shop.rancher.internal',
      '*.b.lan A 10.0.0.5',
    ),
  },
);

const labels = fc
  .array(
    fc.constantFrom(
      ...['web', 'shop', 'log', 'ext', 'db', 'a', 'b', 'c', 'd', 'wild', 'ent', 'x', '*', 'tasks', 'vip'],
      ...['_80', '_tcp', 'six', 'no.dot', '\xff', 'lan', 'test', '10', '0', 'in-addr', 'arpa', 'ip6', 'f'],
    ),
    { maxLength: 5 },
  )
  .chain((own) =>
    fc
      .constantFrom(['test'], ['rancher', 'internal'], ['10', 'in-addr', 'arpa'])
      .map((top) => [...own, ...top]),
  );

function rcodeOf(name: readonly string[], type: number, address: string): number | undefined {
  const wire = nameFromLabels(name);
  if (!wire) throw new Error('no name');
  const resolution = zone.resolve({ name: wire, labels: name, type }, { address });
  return resolution.kind === 'answer' && resolution.answers.length === 0 ? resolution.rcode : undefined;
}

it('of a name in our zones is the same for every type, and nothing is below a nonexistent name', () => {
  const type = fc.constantFrom(...Object.values(TYPE).filter((each) => each !== TYPE.ANY));
  const client = fc.constantFrom(member, '192.0.2.1');
  fc.assert(
    fc.property(labels, type, client, (name, asked, address) => {
      const isDenied = rcodeOf(name, asked, address) === RCODE.NXDOMAIN;
      expect(rcodeOf(name, TYPE.A, address) === RCODE.NXDOMAIN).toBe(isDenied);
      if (!isDenied || name.length >= 7) return;
      // RFC 8020: nothing is below a name that does not exist.
      for (const below of ['x', 'web', 'a', '*', '0', '_tcp', 'tasks']) {
        expect(rcodeOf([below, ...name], asked, address)).toBe(RCODE.NXDOMAIN);
      }
    }),
    { numRuns: runs(1500) },
  );
});
