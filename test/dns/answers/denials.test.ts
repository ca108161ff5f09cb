import { expect, it } from 'vitest';
import { TYPE } from '../../../src/wire/constants.js';
import { query } from '../../conformance/packets.js';
import { ref, taskFact } from '../../support/facts.js';
import { ground } from './support.js';

const CLIENT = '127.0.0.1';
const denied = query('nothing.shop.rancher.internal', TYPE.A);
const known = query('web.shop.rancher.internal', TYPE.A);

function started(seconds: { denialSeconds?: number; answerSeconds?: number } = {}) {
  const made = ground({}, undefined, seconds);
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
  const { isCompiled, setNow } = started({ denialSeconds: 5 });
  setNow(4);
  expect(isCompiled(denied)).toBe(true);
  setNow(5);
  expect(isCompiled(denied)).toBe(false);
});

it('an answer is looked up again after a while, where a source wants to hear what is still asked for', () => {
  const { ask, setNow, catalog } = ground({}, undefined, { answerSeconds: 3600 });
  const sink = catalog.sink('docker');
  const tell = (ip: string) =>
    sink.replace({ tasks: [taskFact('w1', { service: ref('web.shop'), ip, network: 'n0' })] });
  const answer = query('web.shop.rancher.internal.', TYPE.A);
  const isCompiled = () => ask(answer, CLIENT) !== undefined;
  tell('10.0.0.2');
  sink.status({ state: 'live' });
  expect([isCompiled(), isCompiled()]).toEqual([false, true]);
  setNow(3599);
  // A change makes it again, but not for longer.
  tell('10.0.0.3');
  expect(isCompiled()).toBe(true);
  setNow(3600);
  tell('10.0.0.4');
  expect([isCompiled(), isCompiled()]).toEqual([false, true]);
  setNow(7199);
  expect(isCompiled()).toBe(true);
});
