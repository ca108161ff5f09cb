import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { isThorough } from '../support/depth.js';
import { dig } from './support/dig.js';
import { createHost, HOST_ADDRESS, untilKnown, type Host } from './support/host.js';
import { knock } from './support/knock.js';
import { composeLabels } from './support/labels.js';
import { sleep, until } from './support/poll.js';
import { describeOnHost } from './support/requirements.js';
import { createVipStack, startTraffic, type TrafficClient, type VipStack } from './support/vips.js';

const WEB = 'web.shop.rancher.internal';
const CLIENT = 'shop-client-1';
const FAR = 'other-client-1';
/** A task may have accepted a request that was sent so long before the task was removed, and not answered it yet. */
const ANSWER_MS = 3000;
/** How long Fairlead is stopped while the kernel goes on. */
const AWAY_MS = isThorough ? 60_000 : 3000;

/** Replies to the first bytes of a request, and closes without reading the rest. */
const EARLY = `
const reply = 'HTTP/1.1 413 Content Too Large\\r\\nContent-Length: 0\\r\\nConnection: close\\r\\n\\r\\n';
require('node:net').createServer((socket) => {
  socket.on('error', () => {}).once('data', () => socket.pause().write(reply, () => socket.destroy()));
}).listen(80);
`;

/** $1 is the address, $2 how often: sends more than all buffers on the way hold. Prints how many replies arrived. */
const UPLOADS = `
const [ip, times] = process.argv.slice(1);
const body = Buffer.alloc(24 << 20, 'x');
const upload = () => new Promise((resolve) => {
  const socket = require('node:net').connect(80, ip);
  let said = '';
  socket.on('data', (piece) => (said += piece)).on('error', () => {}).on('close', () => resolve(said));
  socket.write('POST / HTTP/1.1\\r\\nHost: x\\r\\nContent-Length: ' + body.length + '\\r\\n\\r\\n');
  socket.write(body);
});
(async () => {
  let replies = 0;
  for (let n = 0; n < Number(times); n++) replies += /^HTTP\\/1.1 413 .*\\r\\n\\r\\n$/s.test(await upload()) ? 1 : 0;
  console.log(replies);
})();
`;

describeOnHost('virtual IPs', () => {
  let host: Host;
  let shop: VipStack;

  beforeAll(async () => {
    host = await createHost({ images: ['tools', 'node'], liveRestore: true });
    shop = createVipStack(host, 'shop');
    await host.fairlead.start();
  });

  beforeEach(async () => {
    await host.docker.start(CLIENT, { labels: composeLabels('shop', 'client') });
    await untilKnown(host, CLIENT);
  });

  afterEach(() => host.docker.clear());

  afterAll(async () => {
    await host.close();
  });

  const nameOf = (number: number): string => `shop-web-${number}`;
  const namesOf = (...numbers: number[]): string[] => numbers.map(nameOf);
  const start = (...numbers: number[]) => Promise.all(numbers.map((number) => shop.web('web', number)));
  const stop = (...numbers: number[]) =>
    Promise.all(numbers.map((number) => host.docker.cli('stop', '--time=10', nameOf(number))));
  const inside = () => host.docker.inside(CLIENT);
  const traffic = (): Promise<TrafficClient> => startTraffic(host, CLIENT, WEB, 'web');

  const untilCarriedBy = (plane: string | undefined) =>
    until(
      `${plane ?? 'the proxy'} carries`,
      async () => (await shop.vip('web')).carrier?.plane,
      (each) => each === plane,
      { context: host.fairlead.log },
    );

  test.each([
    ['proxy', undefined],
    ['nftables', 'nftables'],
  ])(
    'carried by %s: scaling 3, 5, 2 and a start-first replacement: no request of a client that resolved only once fails',
    async (plane, carrier) => {
      const bring = (...numbers: number[]) =>
        Promise.all(numbers.map((number) => shop.web('web', number, ['--label=fairlead.expose=true'])));
      await host.docker.cli('network', 'create', 'far');
      await host.docker.start(FAR, { labels: composeLabels('other', 'client'), flags: ['--network=far'] });
      await untilKnown(host, FAR);
      await bring(1, 2, 3);
      await shop.untilTaken('web', namesOf(1, 2, 3));
      await host.fairlead.reload({ vip: { dataPlane: plane } });
      await untilCarriedBy(carrier);
      // One on the network of the tasks, one on another bridge.
      const clients = [await traffic(), await startTraffic(host, FAR, WEB, 'web')];
      const { vip } = await shop.vip('web');
      expect(clients.map(({ address }) => address)).toEqual([vip, vip]);
      for (const client of clients) await client.more(200);
      await bring(4, 5);
      await shop.untilTaken('web', namesOf(1, 2, 3, 4, 5));
      await stop(1, 2, 3);
      await shop.untilTaken('web', namesOf(4, 5));
      for (const [next, old, rest] of [
        [6, 4, 5],
        [7, 5, 6],
      ] as const) {
        await bring(next);
        await shop.untilTaken('web', namesOf(old, rest, next));
        await stop(old);
      }
      await shop.untilTaken('web', namesOf(6, 7));
      for (const client of clients) {
        await client.more(100);
        const seen = await client.end();
        expect(seen).toMatchObject({ failures: [], wrong: 0 });
        expect(Object.keys(seen.byTask).sort()).toEqual(namesOf(1, 2, 3, 4, 5, 6, 7));
      }
      expect((await dig(host.netns, WEB)).answers).toEqual([vip]);
      await host.fairlead.reload({ vip: { dataPlane: 'proxy' } });
      await untilCarriedBy(undefined);
    },
  );

  test('docker kill -9: only what was open to that task may fail', async () => {
    await start(1, 2, 3);
    await shop.untilTaken('web', namesOf(1, 2, 3));
    const client = await traffic();
    await client.more(200);
    await host.docker.cli('kill', '--signal=KILL', nameOf(2));
    await shop.untilTaken('web', namesOf(1, 3));
    const gone = Date.parse((await host.docker.inspect(nameOf(2))).State.FinishedAt);
    await client.more(400);
    const seen = await client.end();
    const [kept, others] = [
      seen.failures.filter(({ kind }) => kind === 'kept'),
      seen.failures.filter(({ kind }) => kind === 'new'),
    ];
    expect(new Set(kept.map(({ task }) => task ?? nameOf(2)))).toEqual(
      new Set(kept.length ? [nameOf(2)] : []),
    );
    expect(kept.length).toBeLessThanOrEqual(50);
    // The task may have accepted these and not answered yet. Those that began later went to the others.
    expect(others.filter(({ at }) => at > gone)).toEqual([]);
    expect(seen.wrong).toBe(0);
  });

  test('a restart of the engine disturbs no connection', async () => {
    await start(1, 2, 3);
    await shop.untilTaken('web', namesOf(1, 2, 3));
    const client = await traffic();
    await host.engine.stop();
    await client.more(200);
    await host.engine.start();
    await until(
      'the engine is followed again',
      () => host.fairlead.status(),
      ({ sources }) => sources.every(({ state }) => state === 'live'),
      host.patience(),
    );
    await client.more(200);
    expect(await client.end()).toMatchObject({ failures: [], wrong: 0 });
    await shop.untilTaken('web', namesOf(1, 2, 3));
  });

  test('an address that now belongs to another service receives no foreign connection', async () => {
    await host.docker.cli('network', 'create', '--subnet=10.77.0.0/24', 'reused');
    await host.docker.cli('network', 'connect', 'reused', CLIENT);
    const at = (address: string): string[] => ['--network=reused', `--ip=${address}`];
    await Promise.all([
      shop.web('web', 1, at('10.77.0.11')),
      shop.web('web', 2, at('10.77.0.12')),
      shop.web('other', 1, at('10.77.0.21')),
    ]);
    await shop.untilTaken('web', namesOf(1, 2));
    const client = await traffic();
    const removals: { readonly from: number; readonly to: number }[] = [];
    for (const heir of [2, 3, 4]) {
      const from = Date.now() - ANSWER_MS;
      await host.docker.remove(nameOf(2));
      removals.push({ from, to: Date.now() });
      await shop.web('other', heir, at('10.77.0.12'));
      await client.more(200);
      await host.docker.remove(`shop-other-${heir}`);
      await shop.web('web', 2, at('10.77.0.12'));
      await shop.untilTaken('web', namesOf(1, 2));
    }
    const seen = await client.end();
    expect(seen.wrong).toBe(0);
    // Those that the removed task had accepted and not answered yet.
    const isDuringRemoval = (at: number): boolean => removals.some(({ from, to }) => from <= at && at <= to);
    expect(seen.failures.filter(({ kind, at }) => kind === 'new' && !isDuringRemoval(at))).toEqual([]);
    expect(seen.failures.filter(({ task = nameOf(2) }) => task !== nameOf(2))).toEqual([]);
  });

  test('without a task: refused at once, as is a port that the service does not have', async () => {
    await start(1);
    await shop.untilTaken('web', namesOf(1));
    const { vip } = await shop.vip('web');
    expect(await knock(await inside(), vip, 81)).toMatchObject({ said: 'ECONNREFUSED' });
    await host.docker.cli('stop', '--time=5', nameOf(1));
    await until(
      'it is empty',
      () => shop.vip('web'),
      ({ state }) => state === 'empty',
      host.patience(),
    );
    expect((await knock(await inside(), vip, 80)).said).toBe('ECONNREFUSED');
    await host.docker.remove(nameOf(1));
    expect((await knock(await inside(), vip, 80)).said).toBe('ECONNREFUSED');
    // It is kept for the service.
    await start(2);
    await shop.untilTaken('web', namesOf(2));
    expect((await shop.vip('web')).vip).toBe(vip);
    await host.fairlead.stop();
    await host.fairlead.start();
    await shop.untilTaken('web', namesOf(2));
    expect((await shop.vip('web')).vip).toBe(vip);
  });

  test('a task that replies and closes while its client still sends: every reply arrives', async () => {
    await host.docker.start('shop-early-1', {
      image: 'node',
      labels: {
        ...composeLabels('shop', 'early', 1),
        ...{ 'fairlead.endpoint_mode': 'vip', 'fairlead.ports': '80' },
      },
      command: ['node', '--eval', EARLY],
    });
    await shop.untilTaken('early', ['shop-early-1']);
    const { vip } = await shop.vip('early');
    const direct = await host.docker.address('shop-early-1');
    const replies = async (ip: string): Promise<number> => {
      const { stdout } = await (await inside()).run(process.execPath, ['--eval', UPLOADS, ip, '40']);
      return Number(stdout);
    };
    await until(
      'it listens',
      () => replies(direct),
      (count) => count > 0,
      host.patience(),
    );
    const seen = { throughVip: await replies(vip), directly: await replies(direct) };
    console.log(`early replies, of 40: ${JSON.stringify(seen)}`);
    expect(seen.throughVip).toBe(40);
  });

  test('a port of a virtual IP can be published on the host at the same time, and each leads to its own target', async () => {
    await host.docker.cli('network', 'create', 'elsewhere');
    await start(1);
    await shop.untilTaken('web', namesOf(1));
    await shop.web('other', 1, ['--network=elsewhere', '--publish=80:80']);
    await shop.untilTaken('other', ['shop-other-1']);
    const { vip } = await shop.vip('web');
    const asked = async (): Promise<unknown> => [
      (await knock(await inside(), vip, 80)).body,
      (await knock(host.netns, vip, 80)).body,
      (await knock(host.netns, HOST_ADDRESS, 80)).body,
      (await knock(await inside(), (await shop.vip('other')).vip, 80)).body,
    ];
    const right = ['web shop-web-1', 'web shop-web-1', 'other shop-other-1', 'other shop-other-1'];
    expect(await asked()).toEqual(right);
    // The other way about: the port is published already when the daemon starts.
    await host.fairlead.stop();
    await host.fairlead.start();
    await Promise.all([shop.untilTaken('web', namesOf(1)), shop.untilTaken('other', ['shop-other-1'])]);
    expect(await asked()).toEqual(right);
  });

  test('a reload that has the kernel carry, and one that has the proxy carry again, lose no connection', async () => {
    await start(1, 2);
    await shop.untilTaken('web', namesOf(1, 2));
    const client = await traffic();
    await client.more(100);
    for (const [plane, carrier] of [
      ['nftables', 'nftables'],
      ['proxy', undefined],
      ['auto', 'nftables'],
      ['proxy', undefined],
    ]) {
      await host.fairlead.reload({ vip: { dataPlane: plane } });
      await untilCarriedBy(carrier);
      await client.more(100);
    }
    const seen = await client.end();
    expect(seen).toMatchObject({ failures: [], wrong: 0 });
    expect(Object.keys(seen.byTask).sort()).toEqual(namesOf(1, 2));
  });

  test(`carried by the kernel: Fairlead away for ${AWAY_MS / 1000} s under load, and no connection is lost`, async () => {
    await host.fairlead.stop();
    await host.fairlead.start(['--set', 'vip.dataPlane=nftables']);
    await start(1, 2);
    await shop.untilTaken('web', namesOf(1, 2));
    await untilCarriedBy('nftables');
    const client = await traffic();
    await client.more(100);
    await host.fairlead.stop();
    await Promise.all([sleep(AWAY_MS), client.more(500)]);
    await host.fairlead.start(['--set', 'vip.dataPlane=nftables']);
    await shop.untilTaken('web', namesOf(1, 2));
    await client.more(100);
    const seen = await client.end();
    expect(seen).toMatchObject({ failures: [], wrong: 0 });
    expect(Object.keys(seen.byTask).sort()).toEqual(namesOf(1, 2));
    await host.fairlead.stop();
    // What was left goes when the proxy has virtual IPs again.
    await host.fairlead.start();
    await shop.untilTaken('web', namesOf(1, 2));
    expect((await shop.vip('web')).carrier).toBeUndefined();
  });

  test('nothing remains when the daemon stops', async () => {
    const rules = async (): Promise<string> => (await host.netns.run('nft', ['list', 'tables'])).stdout;
    const routes = async (): Promise<string> =>
      (await host.netns.run('ip', ['route', 'show', 'table', 'local'])).stdout;
    expect(await rules()).toContain('table ip fairlead_vip');
    expect(await routes()).toContain('local 10.43.0.0/16');
    await host.fairlead.stop();
    expect(await rules()).not.toContain('fairlead');
    expect(await routes()).not.toContain('10.43.0.0/16');
    await host.fairlead.start();
  });
});
