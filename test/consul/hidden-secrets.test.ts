import { expect, it, onTestFinished } from 'vitest';
import { ConsulClient } from '../../src/consul/consul-client.js';
import { consulAddress } from '../../src/consul/consul-settings.js';
import { FakeConsul } from './fake-consul.js';

it('no error shows the token or the login of the address, whatever the server says', async () => {
  const consul = new FakeConsul();
  await consul.up();
  onTestFinished(() => consul.down());
  consul.fault = ({ headers }, response) => {
    response.writeHead(403);
    response.end(`no rights: ${String(headers['x-consul-token'])} ${String(headers.authorization)}`);
    return true;
  };
  const client = new ConsulClient(
    consulAddress(
      { token: 's3cr3t-token' },
      { CONSUL_HTTP_ADDR: consul.address.replace('//', '//me:s3cr3t-word@') },
    ),
  );
  onTestFinished(() => client.close());
  const login = Buffer.from('me:s3cr3t-word').toString('base64');
  const refused = await client.get('/catalog/services').then(JSON.stringify, String);
  // The login was sent, and the server repeats it.
  expect(refused).toMatch(/no rights: \*\*\* Basic \*\*\* \(HTTP 403\);/);
  await consul.down();
  const away = await client.get('/catalog/services').then(JSON.stringify, String);
  expect(away).toContain(`//***@${consul.host}`);
  expect(`${refused} ${away} ${client.address}`).not.toMatch(/s3cr3t/);
  expect(refused).not.toContain(login);
});
