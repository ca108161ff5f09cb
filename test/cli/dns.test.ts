import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { QueryTop } from '../../src/api/query-top.js';
import { load, QUERY, startApi, stopApi, type Fixture } from '../api/fixture.js';
import { fairlead, type RunOptions } from './run.js';

let fixture: Fixture;
beforeEach(async () => {
  fixture = await startApi();
  load(fixture);
});
afterEach(() => stopApi(fixture));

const MISSING = { ...QUERY, name: 'nope.example.', rcode: 'NXDOMAIN', answers: [] } as const;
const FORWARDED = {
  ...QUERY,
  client: '192.0.2.9',
  name: 'example.org.',
  by: 'upstream',
  upstream: '192.0.2.53:53',
} as const;

const ask = (line: string, options: RunOptions = {}) =>
  fairlead(line, { ...options, env: { FAIRLEAD_ADDR: `unix:${fixture.socket}`, ...options.env } });

/** Ends a command that goes on by itself, when so many lines have come. */
function lines(count: number): RunOptions {
  let left = count;
  return {
    onStdout: () => {
      left -= 1;
      if (left === 0) throw new Error('enough');
    },
  };
}

describe('dns log', () => {
  it('shows who asked what, the code, how fast, who answered, and the answers', async () => {
    fixture.queries.first = [QUERY, { ...FORWARDED, us: 12_345 }];
    const { stdout } = await ask('dns log -f', lines(2));
    expect(stdout.split('\n').map((line) => line.replace(/ {2,}/g, '  '))).toEqual([
      '2026-11-21T00:00:00.000Z  shop_web_1  db.shop.rancher.internal.  A  NOERROR  12 µs  own  10.42.0.12',
      '2026-11-21T00:00:00.000Z  192.0.2.9  example.org.  A  NOERROR  12345 µs  upstream 192.0.2.53:53  10.42.0.12',
      '',
    ]);
  });

  it('shows what the filters choose', async () => {
    fixture.queries.first = [QUERY, MISSING, FORWARDED];
    const line = 'dns log -f -o json --client web --rcode NXDOMAIN --rcode SERVFAIL --not-name *.local';
    const { stdout } = await ask(line, lines(1));
    expect(JSON.parse(stdout)).toMatchObject({
      task: 'shop_web_1',
      service: 'web.shop',
      name: 'nope.example.',
    });
  });

  it('says that one of many is shown, and which are hidden', async () => {
    fixture.queries.oneOf = 16;
    const { at, transport, rcode, by, us } = QUERY;
    const hidden = { at, transport, type: 'A', rcode, by, us };
    fixture.queries.first = [{ ...hidden, answers: [], oneOf: 16 }];
    const { stdout, stderr } = await ask('dns log -f', lines(1));
    expect(stderr).toMatch(/^there are many queries: 1 of 16 is shown\n/);
    expect(stdout).toMatch(/ \(hidden\) +- +A +NOERROR .* own +- +1 of 16\n/);
  });

  it('shows a hostile name as text', async () => {
    fixture.queries.first = [{ ...QUERY, name: 'a\u001b[2J\u202eb.' }];
    expect((await ask('dns log -f', lines(1))).stdout).toContain('a?[2J?b.');
  });

  it('ends by itself when it is told to', async () => {
    fixture.queries.first = [QUERY];
    expect(await ask('dns log --for 10ms -o ndjson')).toMatchObject({
      code: 0,
      stdout: expect.stringContaining('"name":"db.shop') as string,
    });
  });

  it.each([
    ['dns log --for soon', 2, '--for is "soon"; it must be a duration'],
    ['dns top --rows 0', 2, '--rows is "0"; it must be a whole number from 1 to 9999'],
  ])('%s is refused', async (line, code, message) => {
    expect(await ask(line)).toMatchObject({ code, stderr: expect.stringContaining(message) as string });
  });

  it('ends if the daemon is not there', async () => {
    await fixture.server.stop();
    expect(await ask('dns log -f')).toMatchObject({ code: 69 });
  });
});

describe('dns top', () => {
  it('counts names, clients, upstreams and what does not exist', async () => {
    fixture.queries.first = [QUERY, QUERY, MISSING, FORWARDED];
    const { code, stdout } = await ask('dns top --for 10ms');
    expect(code).toBe(0);
    expect(stdout).toBe(
      [
        '4 queries',
        '',
        'QUERIES  NAME',
        '      2  db.shop.rancher.internal. A',
        '      1  example.org. A',
        '      1  nope.example. A',
        '',
        'QUERIES  CLIENT',
        '      3  shop_web_1',
        '      1  192.0.2.9',
        '',
        'QUERIES  UPSTREAM',
        '      1  192.0.2.53:53',
        '',
        'QUERIES  DOES NOT EXIST',
        '      1  nope.example. A',
        '',
      ].join('\n'),
    );
    const { stdout: json } = await ask('dns top --for 10ms -n 1 -o json');
    expect(JSON.parse(json)).toMatchObject({
      queries: 4,
      names: [{ queries: 2 }],
      nxdomain: [{ queries: 1 }],
    });
  });

  it('says that it estimates', async () => {
    fixture.queries.oneOf = 8;
    fixture.queries.first = [{ ...QUERY, oneOf: 8 }];
    expect((await ask('dns top --for 10ms')).stdout).toMatch(/^8 queries, estimated: 1 of 8 is looked at\n/);
  });

  it('counts a query as many times as it stands for, whatever the share is later', () => {
    const top = new QueryTop();
    const query = { ...QUERY, at: '2026-11-21T00:00:00.000Z' };
    top.add({ oneOf: 4, queries: [{ ...query, oneOf: 4 }, query] });
    top.add({ oneOf: 1, queries: [] });
    expect(top.ranks(5)).toMatchObject({ oneOf: 1, queries: 5, names: [{ queries: 5 }] });
  });
});
