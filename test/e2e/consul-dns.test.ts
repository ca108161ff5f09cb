import { expect, it, onTestFinished, vi } from 'vitest';
import { ask, askMessage, Ground } from '../daemon/support.js';
import { createConsul } from './support/consul.js';

const ground = new Ground();

it.each([
  ['one server', (server: string) => server],
  ['a list', (server: string) => [server]],
])("names in .consul go to Consul's own DNS when they are forwarded there, to %s", async (_form, form) => {
  const consul = await createConsul();
  onTestFinished(() => consul.close());
  await consul.start();
  await consul.put('/agent/service/register', {
    ...{ ID: 'web1', Name: 'web', Address: '10.1.0.9', Port: 8080, Tags: ['v1'] },
  });
  const config = ground.loaded(
    `dns.forward=${JSON.stringify({ consul: form(`127.0.0.1:${consul.dnsPort}`) })}`,
  );
  const daemon = await ground.started(config);
  await vi.waitFor(async () => expect(await ask(daemon, 'web.service.consul')).toBe('10.1.0.9/0'));
  expect(await ask(daemon, 'v1.web.service.consul')).toBe('10.1.0.9/0');
  expect(await ask(daemon, 'web.service.dc1.consul')).toBe('10.1.0.9/0');
  expect(await ask(daemon, 'n1.node.consul')).toBe('127.0.0.1/0');
  expect(await ask(daemon, 'nothing.service.consul')).toBe('NXDOMAIN');
  const { answers = [] } = await askMessage(daemon, 'web.service.consul', 'SRV');
  expect(answers).toMatchObject([{ type: 'SRV', data: { port: 8080 } }]);
  // While Consul is away, these names alone fail.
  await consul.kill();
  expect(await ask(daemon, 'other.service.consul')).toBe('SERVFAIL');
  expect(await ask(daemon, 'web.shop.rancher.internal')).toBe('192.0.2.1/5');
});
