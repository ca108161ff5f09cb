import { describe, expect, it } from 'vitest';
import { updatesOf } from '../../../src/balancer/desired/places.js';

interface Place {
  readonly service: string;
  readonly vip: string;
  readonly port: number;
  readonly protocol: 'tcp' | 'udp';
}

const place = { service: 'default/shop/web', vip: '10.43.0.1', port: 80, protocol: 'tcp' } as const;
const other = { ...place, vip: '10.43.0.2' } as const;

describe('lists of addresses', () => {
  it('are equal regardless of the other fields', () => {
    const scheduler = { ...place, scheduler: 'lc' };
    expect(updatesOf([place, other], [scheduler, other])).toBeDefined();
    expect(updatesOf([], [])).toEqual([]);
  });

  it('show which of their entries changed', () => {
    const changed = { ...other, scheduler: 'lc' };
    expect(updatesOf([place, other], [place, changed])).toEqual([changed]);
    expect(updatesOf([place, other], [place, other])).toEqual([]);
    expect(updatesOf([place], [place, other])).toBeUndefined();
  });

  it.each([
    ['one came', [place], [place, other]],
    ['one went', [place, other], [place]],
    ['they changed places', [place, other], [other, place]],
    ['another service has one', [place], [{ ...place, service: 'default/shop/api' }]],
    ['the address is another', [place], [other]],
    ['the port is another', [place], [{ ...place, port: 81 }]],
    ['the protocol is another', [place], [{ ...place, protocol: 'udp' as const }]],
  ])('differ when %s', (_, before, after) => expect(updatesOf<Place>(before, after)).toBeUndefined());
});
