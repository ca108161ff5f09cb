import { existsSync, readFileSync, statSync } from 'node:fs';
import { expect, it } from 'vitest';
import type { Daemon } from '../../src/daemon/daemon.js';
import { bearer, makeToken, send, type Got } from '../api/access/access-fixture.js';
import { ask } from '../api/fixture.js';
import { Ground } from './support.js';

const ground = new Ground();
const certificates = `${import.meta.dirname}/../dns/forward/fixtures`;

const settings = () =>
  ground.loaded(
    `api.listen=["unix:${ground.path('api.sock')}","127.0.0.1:0"]`,
    `api.tls.certificate=${certificates}/address.pem`,
    `api.tls.key=${certificates}/server.key`,
    'api.tokens=true',
  );

const overTls = (daemon: Daemon, path: string, token?: string, method = 'GET'): Promise<Got> => {
  const port = Number(daemon.apiAddresses()[1]?.split(':')[1]);
  return send({ port, tls: true }, { method, path, ...(token !== undefined && { headers: bearer(token) }) });
};

it('keeps hashes of tokens in a file of its owner, over a restart, and writes down who changed what', async () => {
  const first = await ground.started(settings());
  const token = await makeToken(ground.path('api.sock'), 'ci', 'operator', { stacks: ['shop'] });
  const file = ground.path('state', 'tokens.json');
  expect(statSync(file).mode & 0o777).toBe(0o600);
  expect(readFileSync(file, 'utf8')).not.toContain(token.slice(12));
  expect((await overTls(first, '/v1/status')).status).toBe(401);
  await expect.poll(() => first.catalog.snapshot.taskCount).toBe(1);
  expect((await overTls(first, '/v1/services/shop/web/drain', token, 'PUT')).status).toBe(200);
  const audited = () => first.catalog.events().filter(({ type }) => type === 'audit.change');
  await expect
    .poll(() => audited().at(-1))
    .toMatchObject({
      subject: 'web.shop',
      source: 'operator',
      message: `PUT /v1/services/shop/web/drain by token ci (${token.split('_')[1]}) from 127.0.0.1`,
    });
  await first.stop();

  const next = await ground.started(settings());
  expect((await overTls(next, '/v1/session', token)).json).toMatchObject({
    role: 'operator',
    stacks: ['shop'],
  });
  await ask(ground.path('api.sock'), '/v1/tokens/ci', { method: 'DELETE' });
  expect((await overTls(next, '/v1/session', token)).json['code']).toBe('token-wrong');
});

it('serves the history, and saves it when it stops', async () => {
  const daemon = await ground.started();
  const { status, body } = await ask(ground.path('api.sock'), '/v1/history?of=tasks&last=1');
  expect(status).toBe(200);
  expect(body).toMatchObject({ range: '1h', stepMs: 5000, left: 0, series: [] });
  await daemon.stop();
  expect(existsSync(ground.path('state', 'history.bin'))).toBe(true);
});
