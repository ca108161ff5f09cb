import { expect, it } from 'vitest';
import { TYPE } from '../../../src/wire/constants.js';
import { query } from '../../conformance/packets.js';
import { ref, taskFact } from '../../support/facts.js';
import { ground } from './support.js';

const CLIENT = '127.0.0.1';
const denied = query('nothing.shop.rancher.internal', TYPE.A);
const known = query('web.shop.rancher.internal', TYPE.A);

function started(denialSeconds?: number) {
  const made = ground({}, undefined, denialSeconds);
  const sink = made.catalog.sink('docker');
  sink.replace({ tasks: [taskFact('w1', { service: ref('web.shop'), ip: '10.0.0.1' })] });
  sink.status({ state: 'live' });
  const isCompiled = (packet: Uint8Array) => made.ask(packet, CLIENT) !== undefined;
  // A denial is worth an entry when it is asked for again.
  for (let count = 0; count < 3; count++) for (const packet of [denied, known]) isCompiled(packet);
  return { ...made, isCompiled };
}

it('a denial is served without the zone until something changes', () => {
  const { isCompiled, setNow } = started();
  setNow(1_000_000);
  expect([isCompiled(denied), isCompiled(known)]).toEqual([true, true]);
});

it('a denial is looked up again after a while, where a source may come to have the name when it is asked for', () => {
  const { isCompiled, setNow } = started(5);
  setNow(4);
  expect(isCompiled(denied)).toBe(true);
  setNow(5);
  expect(isCompiled(denied)).toBe(false);
});
