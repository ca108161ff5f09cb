import { expect, it } from 'vitest';
import { Catalog, type ServiceFact } from '../../src/catalog/index.js';
import { ref, taskFact } from '../support/facts.js';

const fact = (name: string, vip?: string): ServiceFact => ({
  ...ref(name),
  kind: 'tasks',
  ...(vip !== undefined && { vip }),
});

it('is found by its address as long as a service has it', () => {
  const catalog = new Catalog({ clock: () => 0 });
  const sink = catalog.sink('file');
  const at = (address: string) => catalog.snapshot.serviceAt(address)?.key;
  const isAbove = (suffix: string) => catalog.snapshot.isReverseSuffix('default', suffix);
  expect(at('10.43.0.1')).toBeUndefined();

  sink.replace({ tasks: [], services: [fact('b.shop', '10.43.0.1'), fact('a.shop', '10.43.0.1')] });
  expect(at('10.43.0.1')).toBe('default/shop/a');
  sink.replace({ tasks: [], services: [fact('b.shop', '10.43.0.1'), fact('a.shop', '10.44.0.2')] });
  expect([at('10.43.0.1'), at('10.44.0.2')]).toEqual(['default/shop/b', 'default/shop/a']);
  expect(isAbove('43.10.in-addr.arpa')).toBe(true);

  sink.replace({ tasks: [], services: [fact('a.shop')] });
  expect([at('10.43.0.1'), at('10.44.0.2')]).toEqual([undefined, undefined]);
  expect(isAbove('10.in-addr.arpa')).toBe(false);
});

it('comes from whichever source tells of one, in its canonical form', () => {
  const catalog = new Catalog({ clock: () => 0 });
  const [docker, leases] = [catalog.sink('docker'), catalog.sink('leases')];
  docker.replace({ tasks: [taskFact('w', { service: ref('web.shop') })], services: [fact('web.shop')] });
  leases.replace({ tasks: [], services: [fact('web.shop', 'FD00::0:1'), fact('bad.shop', '10.43.0')] });
  expect(catalog.snapshot.service(ref('web.shop'))?.vip).toBe('fd00::1');
  expect(catalog.snapshot.service(ref('bad.shop'))).not.toHaveProperty('vip');
});

it('counts what is above the reverse names of addresses, per environment', () => {
  const catalog = new Catalog({ clock: () => 0 });
  const sink = catalog.sink('file');
  const isAbove = (suffix: string) => catalog.snapshot.isReverseSuffix('default', suffix);
  sink.replace({ tasks: [taskFact('a', { ip: '10.5.6.7' }), taskFact('b', { ip: '10.5.8.9' })] });
  expect(['6.5.10.in-addr.arpa', '5.10.in-addr.arpa', '10.in-addr.arpa'].map(isAbove)).toEqual([
    true,
    true,
    true,
  ]);
  expect(['7.6.5.10.in-addr.arpa', '7.5.10.in-addr.arpa', 'in-addr.arpa'].map(isAbove)).toEqual([
    false,
    false,
    false,
  ]);
  // The suffixes of task names are others.
  expect(catalog.snapshot.isNameSuffix('default', '10.in-addr.arpa')).toBe(false);
  sink.update({ removedTasks: ['a'] });
  expect(['6.5.10.in-addr.arpa', '5.10.in-addr.arpa'].map(isAbove)).toEqual([false, true]);
});
