import { rmSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ask, load, startApi, type Fixture } from './fixture.js';

let fixture: Fixture;

beforeEach(async () => {
  fixture = await startApi();
  load(fixture);
});

afterEach(async () => {
  await fixture.server.stop();
  rmSync(fixture.dir, { recursive: true });
});

const put = (body: object) =>
  ask(fixture.socket, '/v1/adoption', {
    method: 'PUT',
    body: JSON.stringify(body),
    headers: { 'content-type': 'application/json' },
  });

describe('adoption', () => {
  it('lists which server each container asks, for one stack or all', async () => {
    const { body } = await ask(fixture.socket, '/v1/adoption?stack=shop');
    expect(body).toMatchObject({
      containers: [{ name: 'shop_web_1', server: '127.0.0.11' }, { adopted: false }],
    });
    expect((await ask(fixture.socket, '/v1/adoption?stack=other')).body).toEqual({ containers: [] });
    expect((await ask(fixture.socket, '/v1/status')).body).toMatchObject({
      adoption: { adopted: 0, left: { 'not-wanted': 2 } },
    });
  });

  it('applies the operators’ choices', async () => {
    expect(await put({ choice: 'adopt', stack: 'shop' })).toMatchObject({
      ...{ status: 200, body: { containers: [{ adopted: true }, { adopted: true }] } },
    });
    expect(await put({ choice: 'release' })).toMatchObject({ status: 200 });
    expect(fixture.adoption.choices).toEqual([
      ['adopt', 'shop'],
      ['release', undefined],
    ]);
  });

  it('refuses an unknown stack, and any other choice', async () => {
    expect(await put({ choice: 'adopt', stack: 'shpo' })).toMatchObject({
      ...{ status: 404, body: { code: 'stack-not-found' } },
    });
    expect(await put({ choice: 'maybe' })).toMatchObject({ status: 400, body: { code: 'body-invalid' } });
    expect(fixture.adoption.choices).toEqual([]);
  });
});
