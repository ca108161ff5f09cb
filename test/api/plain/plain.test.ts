import { request } from 'node:http';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  ask,
  CONTAINER_ID,
  load,
  NOW,
  startApi,
  stopApi,
  task,
  UNHEALTHY_ID,
  VIPS,
  type Fixture,
} from '../fixture.js';

let fixture: Fixture;
const page = async (query = ''): Promise<string> => {
  const { status, type, text } = await ask(fixture.socket, `/ui/plain${query}`);
  expect([status, type]).toEqual([200, 'text/html; charset=utf-8']);
  expect(unbalanced(text)).toEqual([]);
  return text;
};

/** What a section shows, without its markup: a line for each row, item or paragraph. */
function section(text: string, id: string): string[] {
  const [, inner = ''] = new RegExp(`<section id="${id}">(.*?)</section>`, 's').exec(text) ?? [];
  return inner
    .split(/<\/tr>|<\/li>|<\/p>|<\/dd>|<\/h[123]>|<\/summary>/)
    .map((part) =>
      part
        .replace(/<\/t[dh]>/g, ' | ')
        .replace(/<[^>]*>/g, '')
        .replaceAll('&quot;', '"')
        .replace(/\s+/g, ' ')
        .trim(),
    )
    .filter((line) => line !== '');
}

const VOID = new Set(['meta', 'link', 'br', 'img', 'hr', 'input', '!doctype']);

/** Elements that are not closed where they should be. */
function unbalanced(text: string): string[] {
  const open: string[] = [];
  const wrong: string[] = [];
  for (const [, slash, name = ''] of text.matchAll(/<(\/?)(!?[a-z0-9]+)[^>]*>/gi)) {
    if (VOID.has(name.toLowerCase())) continue;
    if (slash === '') open.push(name);
    else if (open.pop() !== name) wrong.push(`</${name}>`);
  }
  return [...wrong, ...open];
}

beforeEach(async () => {
  fixture = await startApi();
});
afterEach(() => stopApi(fixture));

describe('the plain page', () => {
  it('shows services with their tasks, and why each is given or not', async () => {
    load(fixture);
    const lines = section(await page(), 'stacks');
    expect(lines).toContain('default/shop');
    expect(lines.find((line) => line.startsWith('web.shop |'))).toBe(
      'web.shop | tasks | 1 | 3 | healthy 1, unhealthy 1, stopped 1 | tasks | | 80/tcp | |',
    );
    expect(lines.find((line) => line.startsWith('front.shop |'))).toMatch(
      /^front\.shop \| alias .* web\.shop \|$/,
    );
    expect(lines).toContain('web.shop: 3 tasks, 1 given');
    expect(lines.find((line) => line.startsWith('shop_web_2 |'))).toBe(
      'shop_web_2 | out | unhealthy (port 80 refused) | unhealthy | 3m12s | | 1 | 10.42.0.12 | |',
    );
    expect(lines.find((line) => line.startsWith('shop_web_old |'))).toMatch(
      /^shop_web_old \| out \| stopped \|/,
    );
  });

  it('lists first what needs attention, the worst at the top', async () => {
    load(fixture);
    fixture.sink.update({
      tasks: [
        task(CONTAINER_ID, 'shop_web_1', '10.42.0.11', { health: 'unhealthy', reason: 'port 80 refused' }),
        task('aa', 'shop_db_1', '10.42.0.40', {
          health: 'stopped',
          service: { environment: 'default', stack: 'shop', service: 'db' },
        }),
      ],
    });
    fixture.sink.status({ state: 'stale', asOf: NOW - 60_000, error: 'the engine is away' });
    fixture.vips.list = VIPS;
    fixture.templates.current = [
      {
        source: '/a',
        destination: '/etc/a.conf',
        state: 'failed',
        queries: [],
        missing: [],
        failures: 1,
        error: 'a:1:2: no such function',
      },
    ];
    const text = await page();
    expect(section(text, 'stacks').filter((line) => line.startsWith('shop_web_1 |'))).toEqual([
      expect.stringContaining('| in | all running tasks are given (unhealthy (port 80 refused)) |'),
    ]);
    expect(section(text, 'attention')).toEqual([
      'Needs attention',
      'Fault: source docker is stale (the engine is away); its facts are 1m old',
      'Fault: db.shop has no task that takes traffic',
      'Fault: default/shop/web port 53 is not served: service default/shop/web: cannot serve 10.43.7.1:53/udp: the port is in use',
      'Fault: /etc/a.conf cannot be rendered: a:1:2: no such function',
      'Warning: web.shop gives all running tasks, because too many are unhealthy',
      expect.stringMatching(/^Warning: container bad_1: .* \[label-invalid\]$/),
      expect.stringMatching(/^Warning: service default\/shop\/web: cannot serve .* \[vip-not-served\]$/),
    ]);
  });

  it('says so when nothing needs attention', async () => {
    fixture.sink.replace({
      tasks: [task('aa', 'web_1', '10.42.0.11')],
      services: [],
      networks: [],
      problems: [],
    });
    fixture.sink.status({ state: 'live', asOf: NOW });
    expect(section(await page(), 'attention')).toEqual(['Needs attention', 'Nothing needs attention.']);
  });

  it('shows each port of each virtual IP and the tasks behind it, with what they carried', async () => {
    load(fixture);
    fixture.vips.list = VIPS;
    expect(section(await page(), 'vips').slice(2)).toEqual([
      'default/shop/web | 10.43.7.1:53/udp | down | wrr | | 0 | 0 | 0 B | 0 B | 0 | 0 | 0 |',
      'default/shop/web | 10.43.7.1:80/tcp | up | wrr | | 3 | 120 | 2.0 KiB | 4.8 MiB | 1 | 2 | 4 |',
      '→ shop_web_1 | 10.42.0.11:80 | active | | 1 | 3 | 118 | 2.0 KiB | 4.8 MiB | | 0 | |',
      '→ shop_web_2 | 10.42.0.12:80 | draining | | 1 | 0 | 2 | 48 B | 1000 B | | 4 | |',
    ]);
  });

  it('shows sources, containers and events', async () => {
    load(fixture);
    const text = await page();
    expect(section(text, 'sources')).toContain('docker | live | current | 0 | unix:///var/run/docker.sock |');
    expect(section(text, 'containers')).toContain(
      'shop_web_1 | shop | no | 127.0.0.11 | it was not selected |',
    );
    expect(section(text, 'events').length).toBeGreaterThan(2);
    expect(section(text, 'overview')).toContain('DNS 169.254.169.250:53');
  });

  it('shows one stack only, and a way back', async () => {
    load(fixture);
    const other = { environment: 'default', stack: 'other', service: 'api' };
    fixture.sink.update({
      tasks: [task('aa', 'other_api_1', '10.42.0.40', { stack: 'other', service: other })],
    });
    fixture.vips.list = VIPS;
    const lines = section(await page('?environment=default&stack=other'), 'stacks');
    expect(lines).toContain('default/other');
    expect(lines).not.toContain('default/shop');
    expect(lines).toContain('Only stack other. Show all stacks');
    expect(section(await page('?stack=other'), 'vips')).toEqual(['Virtual IPs', 'No virtual IP is served.']);
    expect(section(await page('?stack=nope'), 'stacks')).toContain('There is no such service.');
  });

  it('leaves out given tasks of a large catalog unless their stack is asked for', async () => {
    load(fixture);
    const tasks = Array.from({ length: 1000 }, (_, n) =>
      task(`t${n}`, `shop_web_${n + 10}`, `10.42.${1 + (n >> 8)}.${n & 255}`),
    );
    fixture.sink.update({ tasks });
    const brief = section(await page(), 'stacks');
    expect(brief.filter((line) => / \| in \| /.test(line))).toEqual([]);
    expect(brief.filter((line) => / \| out \| /.test(line))).toHaveLength(2);
    expect(brief).toContain('1,001 tasks more, all given; choose the stack to see them.');
    const whole = section(await page('?stack=shop'), 'stacks');
    expect(whole.filter((line) => / \| in \| /.test(line))).toHaveLength(1001);
  });

  it.each([
    ['a name with markup', '<img src=x onerror=alert(1)>', '&lt;img src=x onerror=alert(1)&gt;'],
    [
      'a name with quotes',
      `"><script>alert('x')</script>`,
      '&quot;&gt;&lt;script&gt;alert(&#39;x&#39;)&lt;/script&gt;',
    ],
    ['a name that turns the text', 'web\u202egnp.exe', 'web\\u202egnp.exe'],
    ['a name of 255 bytes', 'x'.repeat(255), 'x'.repeat(255)],
  ])('shows %s as text', async (_, name, shown) => {
    fixture.sink.update({
      tasks: [task(UNHEALTHY_ID, name, '10.42.0.12', { health: 'unhealthy', reason: name, image: name })],
    });
    const text = await page();
    expect(text).toContain(shown);
    expect(text.replaceAll(shown, '')).not.toContain(name);
    expect(text).not.toMatch(/<script|<img/);
  });

  it('lets the browser load nothing from elsewhere and run nothing', async () => {
    load(fixture);
    const headers = await new Promise((resolve, reject) => {
      const asked = request({ socketPath: fixture.socket, path: '/ui/plain', agent: false }, (response) => {
        response.resume();
        resolve(response.headers);
      });
      asked.once('error', reject);
      asked.end();
    });
    expect(headers).toMatchObject({
      'content-security-policy': expect.stringContaining("default-src 'none'; style-src 'self'") as string,
      'x-content-type-options': 'nosniff',
      'cache-control': 'no-store',
    });
    const style = await ask(fixture.socket, '/ui/plain.css');
    expect(style).toMatchObject({ status: 200, type: 'text/css; charset=utf-8' });
    expect(await page()).not.toMatch(/ style="| on[a-z]+="|https?:/);
  });

  it('is loaded again as often as the address says', async () => {
    expect(await page()).not.toContain('http-equiv');
    expect(await page('?refresh=5')).toContain('<meta http-equiv="refresh" content="5" />');
    for (const refresh of ['0', '3601', 'x']) {
      const { status, body } = await ask(fixture.socket, `/ui/plain?refresh=${refresh}`);
      expect([status, body.code]).toEqual([400, 'parameter-invalid']);
    }
  });
});
