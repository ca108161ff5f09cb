import { describe, expect, it } from 'vitest';
import { taskFact } from '../../support/facts.js';
import { answerTo, recordsOf, zoneOf } from './support.js';

const web = { environment: 'default', stack: 'shop', service: 'web' };
const local = { tasks: [taskFact('w1', { service: web, stack: 'shop' })] };
const host = '127.0.0.1';
const NOT_READY = 'SERVFAIL a source of other hosts has not reported yet';

function zone() {
  const made = zoneOf(local, {
    records: recordsOf('*.wild.rancher.internal 5 A 192.0.2.7'),
    forwardSuffixes: ['corp.lan'],
  });
  const consul = made.catalog.sink('consul', undefined, { isRemote: true });
  return { ...made, consul };
}

describe('while a source of other hosts has never reported', () => {
  it.each([
    ['nothing.shop.rancher.internal', 'NXDOMAIN rancher.internal'],
    ['tasks.nothing.shop.rancher.internal', 'NXDOMAIN rancher.internal'],
    ['nothing.rancher.internal', 'NXDOMAIN rancher.internal'],
    ['www.example.com.rancher.internal', 'NXDOMAIN rancher.internal'],
    ['db.corp.lan.rancher.internal', 'NXDOMAIN rancher.internal'],
    ['a.wild.rancher.internal', '192.0.2.7'],
    ['shop.rancher.internal', 'NODATA rancher.internal'],
    ['web.consul.rancher.internal', NOT_READY],
    ['_http._tcp.web.consul.rancher.internal', NOT_READY],
    ['web.elsewhere.rancher.internal', NOT_READY],
  ])('%s is %s', (name, expected) => {
    expect(answerTo(zone().zone, name, 'A', host)).toBe(expected);
  });

  it('denies what it does not have once it has reported', () => {
    const { zone: made, consul } = zone();
    consul.status({ state: 'live' });
    expect(answerTo(made, 'web.consul.rancher.internal', 'A', host)).toBe('NXDOMAIN rancher.internal');
  });
});
