import { nameToText } from '../../../src/wire/name-text.js';
import { describe, expect, it } from 'vitest';
import type { Facts } from '../../../src/catalog/facts.js';
import { viewOf } from '../../../src/catalog/view.js';
import { explain } from '../../../src/dns/zone/explain-name.js';
import { recordToText } from '../../../src/wire/record-text.js';
import type { TYPE } from '../../../src/wire/constants.js';
import { ref, taskFact } from '../../support/facts.js';
import { answerTo, question, recordsOf, zoneOf } from './support.js';

const member = '10.0.0.1';
const stranger = '192.0.2.1';

const facts: Facts = {
  tasks: [
    taskFact('w', { name: 'web_1', service: ref('web.shop'), ip: member, links: { db: 'pg.other' } }),
    taskFact('d', { name: 'deep.x.y', ip: '10.0.0.2' }),
  ],
  services: [
    { ...ref('crm.shop'), kind: 'external', hostname: 'crm.example.org' },
    { ...ref('hop.shop'), kind: 'external', hostname: 'printer.lan' },
    { ...ref('short.shop'), kind: 'external', hostname: 'web' },
    { ...ref('test.shop'), kind: 'external', externalIps: ['192.0.2.30'] },
  ],
};

const records = recordsOf(
  // Inside the domain.
  'web.shop.rancher.internal TXT "of the operator"',
  'crm.shop.rancher.internal A 192.0.2.20',
  'ldap.shop.rancher.internal A 192.0.2.21',
  '*.shop.rancher.internal A 192.0.2.22',
  '*.top.rancher.internal AAAA fd00::22',
  'a.b.c.d.rancher.internal A 192.0.2.23',
  // Outside.
  'printer 300 A 192.0.2.7',
  'printer.lan 300 A 192.0.2.8',
  'printer.lan 60 A 192.0.2.9',
  'printer.lan AAAA fd00::9',
  '*.dev.example A 192.0.2.40',
  'sub.dev.example TXT "x"',
  'x.ent.dev.example A 192.0.2.41',
  'nas.home.arpa A 192.0.2.50',
  'a.rack.home.arpa A 192.0.2.51',
  '*.wild.test A 192.0.2.52',
  // Pointing at others.
  'here.lan CNAME web.shop.rancher.internal',
  'there.lan 30 CNAME outside.example',
  'bare.lan CNAME web',
  'pair.lan CNAME web.shop',
  'self.lan CNAME self.lan',
  'one.lan CNAME two.lan',
  'two.lan CNAME one.lan',
  '_ldap._tcp.lan SRV 0 5 389 printer.lan',
  '_ldap._tcp.lan SRV 1 5 389 web.shop.rancher.internal',
  '_ldap._tcp.lan SRV 2 5 389 dc.example',
  '_none._tcp.lan SRV 0 0 0 .',
  '1.0.0.10.in-addr.arpa PTR mail.example',
  '9.9.9.9.in-addr.arpa PTR dns.example',
);

const { catalog, zone } = zoneOf(facts, { records });

function ask(name: string, type: keyof typeof TYPE, from = stranger): string {
  return answerTo(zone, name, type, from);
}

describe('static records', () => {
  it.each<[string, keyof typeof TYPE, string]>([
    ['printer.lan', 'A', '192.0.2.8, 192.0.2.9'],
    ['printer.lan', 'AAAA', 'fd00::9'],
    ['printer.lan', 'MX', 'NODATA printer.lan'],
    ['printer', 'A', '192.0.2.7'],
    ['printer', 'AAAA', 'NODATA .'],
    ['printer.lan', 'ANY', 'HINFO "RFC8482" ""'],
    ['x.printer.lan', 'A', 'forward'],
    ['lan', 'A', 'NODATA .'],
    ['_tcp.lan', 'A', 'forward'],
    ['nas.home.arpa', 'A', '192.0.2.50'],
    ['nas.home.arpa', 'AAAA', 'NODATA home.arpa'],
    ['other.home.arpa', 'A', 'NXDOMAIN home.arpa'],
    ['rack.home.arpa', 'A', 'NODATA home.arpa'],
    ['b.c.d.rancher.internal', 'A', 'NODATA rancher.internal'],
    ['x.c.d.rancher.internal', 'A', 'NXDOMAIN rancher.internal'],
    ['9.9.9.9.in-addr.arpa', 'PTR', 'PTR dns.example.'],
    ['9.9.9.9.in-addr.arpa', 'A', 'NODATA 9.9.9.9.in-addr.arpa'],
    ['printer\\.lan', 'A', 'NXDOMAIN .'],
  ])('%s %s: %s', (name, type, expected) => expect(ask(name, type)).toBe(expected));

  it.each<[string, keyof typeof TYPE, string]>([
    ['web.shop.rancher.internal', 'TXT', 'TXT "of the operator"'],
    ['web.shop.rancher.internal', 'A', member],
    ['crm.shop.rancher.internal', 'A', '192.0.2.20'],
    ['crm.shop.rancher.internal', 'AAAA', 'CNAME crm.example.org., chase crm.example.org'],
    ['1.0.0.10.in-addr.arpa', 'PTR', 'PTR mail.example.'],
  ])('come before the catalog, type by type: %s %s: %s', (name, type, expected) =>
    expect(ask(name, type)).toBe(expected),
  );

  it.each<[string, keyof typeof TYPE, string, string]>([
    ['ldap', 'A', member, '192.0.2.21'],
    ['ldap', 'AAAA', member, 'NODATA .'],
    ['ldap', 'A', stranger, 'NXDOMAIN .'],
    ['ldap.shop', 'A', member, '192.0.2.21'],
    ['crm', 'A', member, '192.0.2.20'],
    ['web', 'TXT', member, 'TXT "of the operator"'],
    ['web', 'A', member, member],
    ['nothing', 'A', member, 'NXDOMAIN .'],
  ])('of full names are found by short ones: %s %s from %s: %s', (name, type, from, expected) =>
    expect(ask(name, type, from)).toBe(expected),
  );

  it('have one TTL per set, the smallest', () => {
    const answer = (name: string) => {
      const found = zone.resolve(question(name, 'A'), { address: stranger });
      return found.kind === 'answer' ? found.answers.map(recordToText) : [];
    };
    expect(answer('printer.lan')).toEqual([
      'printer.lan. 60 IN A 192.0.2.8',
      'printer.lan. 60 IN A 192.0.2.9',
    ]);
    expect(answer('nas.home.arpa')).toEqual(['nas.home.arpa. 7 IN A 192.0.2.50']);
    expect(answer('there.lan')).toEqual(['there.lan. 30 IN CNAME outside.example.']);
  });
});

describe('CNAMEs', () => {
  it.each<[string, keyof typeof TYPE, string]>([
    ['here.lan', 'A', `CNAME web.shop.rancher.internal., ${member}`],
    ['here.lan', 'AAAA', 'CNAME web.shop.rancher.internal.'],
    ['here.lan', 'CNAME', 'CNAME web.shop.rancher.internal.'],
    ['here.lan', 'TXT', 'CNAME web.shop.rancher.internal., TXT "of the operator"'],
    ['there.lan', 'A', 'CNAME outside.example., chase outside.example'],
    ['hop.shop.rancher.internal', 'A', 'CNAME printer.lan., 192.0.2.8, 192.0.2.9'],
    ['self.lan', 'A', 'SERVFAIL CNAME loop'],
    ['one.lan', 'A', 'SERVFAIL CNAME loop'],
    // A target is never a short name, whoever asks.
    ['bare.lan', 'A', 'NXDOMAIN .'],
    ['short.shop.rancher.internal', 'A', 'NXDOMAIN .'],
    ['pair.lan', 'A', 'CNAME web.shop., chase web.shop'],
  ])('%s %s: %s', (name, type, expected) => expect(ask(name, type, member)).toBe(expected));
});

describe('SRV', () => {
  it('includes the addresses of targets that are ours', () => {
    const found = zone.resolve(question('_ldap._tcp.lan', 'SRV'), { address: stranger });
    const extra = found.kind === 'answer' ? (found.additionals ?? []) : [];
    expect(extra.map(recordToText)).toEqual([
      'printer.lan. 60 IN A 192.0.2.8',
      'printer.lan. 60 IN A 192.0.2.9',
      'printer.lan. 7 IN AAAA fd00::9',
      'web.shop.rancher.internal. 7 IN A 10.0.0.1',
    ]);
  });

  it('says that a service is not offered, without additional records', () => {
    expect(zone.resolve(question('_none._tcp.lan', 'SRV'), { address: stranger })).not.toHaveProperty(
      'additionals',
    );
  });
});

describe('wildcards', () => {
  it.each<[string, keyof typeof TYPE, string]>([
    ['foo.shop.rancher.internal', 'A', '192.0.2.22'],
    ['foo.shop.rancher.internal', 'AAAA', 'NODATA rancher.internal'],
    ['x.y.shop.rancher.internal', 'A', '192.0.2.22'],
    ['a\\.b.shop.rancher.internal', 'A', '192.0.2.22'],
    ['*.shop.rancher.internal', 'A', '192.0.2.22'],
    ['x.*.shop.rancher.internal', 'A', 'NXDOMAIN rancher.internal'],
    // Names of the catalog and of other records keep them away.
    ['web.shop.rancher.internal', 'AAAA', 'NODATA rancher.internal'],
    ['x.web.shop.rancher.internal', 'A', 'NXDOMAIN rancher.internal'],
    ['x.ldap.shop.rancher.internal', 'A', 'NXDOMAIN rancher.internal'],
    ['top.rancher.internal', 'AAAA', 'NODATA rancher.internal'],
    ['foo.dev.example', 'A', '192.0.2.40'],
    ['foo.dev.example', 'AAAA', 'NODATA foo.dev.example'],
    ['sub.dev.example', 'A', 'NODATA sub.dev.example'],
    ['x.sub.dev.example', 'A', 'forward'],
    ['y.ent.dev.example', 'A', 'forward'],
    ['dev.example', 'A', 'forward'],
    ['any.wild.test', 'A', '192.0.2.52'],
    ['any.wild.test', 'TXT', 'NODATA test'],
    ['other.test', 'A', 'NXDOMAIN test'],
  ])('%s %s: %s', (name, type, expected) => expect(ask(name, type)).toBe(expected));

  it('have the queried name as owner', () => {
    const found = zone.resolve(question('x.y.shop.rancher.internal', 'A'), { address: stranger });
    expect(found).toMatchObject({ answers: [{ owner: question('x.y.shop.rancher.internal', 'A').name }] });
  });

  it.each<[string, keyof typeof TYPE, string | undefined]>([
    ['x.y.shop.rancher.internal', 'A', '*.shop.rancher.internal'],
    ['x.y.shop.rancher.internal', 'AAAA', '*.shop.rancher.internal'],
    ['sub.dev.example', 'TXT', undefined],
    ['nobody.rancher.internal', 'A', undefined],
  ])('are reported to the rate limit: %s %s from %s', (name, type, wildcard) => {
    const found = zone.resolve(question(name, type), { address: stranger });
    const told = found.kind === 'answer' ? found.wildcard : undefined;
    expect(told && nameToText(told)).toBe(wildcard);
  });

  it('wait for the catalog, which may have the name', () => {
    const { zone: loading } = zoneOf(undefined, { records });
    expect(answerTo(loading, 'foo.shop.rancher.internal', 'A', stranger)).toMatch(/^SERVFAIL/);
    expect(answerTo(loading, 'foo.dev.example', 'A', stranger)).toBe('192.0.2.40');
    expect(answerTo(loading, 'ldap.shop.rancher.internal', 'A', stranger)).toBe('192.0.2.21');
    expect(answerTo(loading, 'ldap.shop.rancher.internal', 'AAAA', stranger)).toMatch(/^SERVFAIL/);
    expect(answerTo(loading, 'printer.lan', 'MX', stranger)).toBe('NODATA printer.lan');
  });
});

describe('explain', () => {
  it.each<[string, keyof typeof TYPE, string]>([
    ['printer.lan', 'A', 'static record printer.lan'],
    ['printer.lan', 'MX', 'static record printer.lan'],
    ['foo.shop.rancher.internal', 'A', 'static record *.shop.rancher.internal'],
    ['web.shop.rancher.internal', 'A', 'service.stack, and static record web.shop.rancher.internal'],
  ])('%s %s: %s', (name, type, rule) => {
    const { snapshot } = catalog;
    const told = explain(zone, snapshot, viewOf(snapshot, stranger, 'default'), question(name, type));
    expect(told.rule).toBe(rule);
    expect(told.steps.some(({ matched, why }) => matched && why.startsWith('static record'))).toBe(true);
  });
});
