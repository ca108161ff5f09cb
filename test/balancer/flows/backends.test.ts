import { expect, it } from 'vitest';
import { Backends } from '../../../src/balancer/flows/backends.js';
import { makeScheduler } from '../../../src/balancer/flows/make-scheduler.js';
import { backend, tcpService } from '../proxy/peer.js';

const FLOW = { client: '10.0.0.1', clientPort: 1, vip: '10.43.0.5', vipPort: 80 };

function world() {
  const clock = { ms: 0 };
  const now = () => clock.ms;
  const at = (last: number) => ({ ip: `10.42.0.${last}`, port: 80 });
  const service = tcpService({ ip: '10.43.0.5', port: 80 }, [backend('a', at(1)), backend('b', at(2))], {
    scheduler: 'fo',
  });
  const backends = new Backends(service, {
    createScheduler: makeScheduler(0, now),
    onSignal: () => undefined,
    now,
  });
  return { clock, backends, pick: () => backends.pick(FLOW)?.desired.id };
}

it('a task that refused is not tried first for the next seconds', () => {
  const { clock, backends, pick } = world();
  const first = backends.pick(FLOW);
  expect(first?.desired.id).toBe('a');
  if (first) backends.fail(first, 'connect refused');
  clock.ms = 2999;
  expect(pick()).toBe('b');
  clock.ms = 3000;
  expect(pick()).toBe('a');
});

it('a task that refused is still tried when there is no other, and at once after it has answered', () => {
  const { backends, pick } = world();
  for (const each of backends.present()) backends.fail(each, 'connect refused');
  expect(pick()).toBe('a');
  const [first, second] = backends.present();
  if (second) backends.answered(second);
  expect(pick()).toBe('b');
  if (first) backends.answered(first);
  expect(pick()).toBe('a');
});
