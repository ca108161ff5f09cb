import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { VipListJson } from '../../src/api/types/vips-json.js';
import type { ClientNetwork } from './support/client-network.js';
import { dig } from './support/dig.js';
import { createEchoNetwork, ECHO_NAME, ECHO_PORT } from './support/echo-network.js';
import { sleep, untilEqual } from './support/poll.js';
import { describeOnHost } from './support/requirements.js';

/** A connection takes two descriptors of the daemon, which keeps an eighth for other work; some are its listeners'. */
function connections(): number {
  const limit = /^Max open files\s+\d+\s+(\d+)/m.exec(readFileSync('/proc/self/limits', 'utf8'))?.[1];
  return Math.min(10_000, Math.floor((Number(limit ?? Infinity) * 7) / 16) - 100);
}

interface Said {
  readonly open: number;
  readonly answered: number;
  readonly failed: number;
}

describeOnHost(
  'a virtual IP under load',
  () => {
    let network: ClientNetwork;
    let app: string;

    beforeAll(async () => {
      ({ network, app } = await createEchoNetwork('idle', 'bulk'));
    });

    afterAll(async () => {
      await network.close();
    });

    const active = async (): Promise<number> =>
      ((await network.fairlead.api('/v1/vips')) as VipListJson).vips[0]?.active ?? -1;

    const address = async (): Promise<string> => (await dig(network.far, ECHO_NAME)).answers.join();

    test('holds 10,000 idle connections, or as many as there are descriptors for, and all of them continue', async () => {
      const count = connections();
      expect(count).toBeGreaterThan(400);
      const vip = await address();
      const client = network.far.spawn(
        process.execPath,
        [join(app, 'idle.mjs'), vip, String(ECHO_PORT), String(count)],
        { stdio: ['pipe', 'pipe', 'inherit'] },
      );
      if (client.stdout === null || client.stdin === null) throw new Error('the client has no pipes');
      const lines = createInterface({ input: client.stdout })[Symbol.asyncIterator]();
      const said = async (): Promise<Said> => JSON.parse(String((await lines.next()).value)) as Said;
      expect(await said()).toEqual({ open: count, answered: count, failed: 0 });
      expect(await active()).toBe(count);
      // Names and the API do not suffer.
      for (let second = 0; second < 5; second++) {
        expect(await address()).toBe(vip);
        await sleep(1_000);
      }
      client.stdin.write('again\n');
      expect(await said()).toEqual({ open: count, answered: count, failed: 0 });
      client.stdin.end();
      await untilEqual('open connections', active, 0, { context: network.fairlead.log });
    });

    test('carries 1 GiB each way at once, byte for byte, to the end of each side', async () => {
      const args = [join(app, 'bulk.mjs'), await address(), String(ECHO_PORT), '1024'];
      const seen = JSON.parse(await network.far.must(process.execPath, args)) as Record<string, unknown>;
      expect(seen['got']).toEqual(seen['sent']);
      expect(seen['got']).toMatchObject({ octets: 1024 ** 3 });
    });
  },
  ['ip', 'nft', 'ss', 'dig', 'nsenter'],
);
