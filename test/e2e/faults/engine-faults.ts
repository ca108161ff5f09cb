import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { VipJson, VipListJson } from '../../../src/api/types/vips-json.js';
import { compile } from '../support/compile.js';
import { createHost, type Host } from '../support/host.js';
import { composeLabels } from '../support/labels.js';
import { enginePrograms } from '../support/requirements.js';
import { pause, until } from './fault-ground.js';
import { must, type Fault } from './fault.js';
import type { Load } from './vip-ground.js';

/** Echoes, and goes on when it is told to stop. */
const STUBBORN = `
process.on('SIGTERM', () => {});
require('net').createServer((socket) => socket.on('error', () => {}).pipe(socket)).listen(7000);
`;
const DRAIN_MS = 1000;

async function vipOf({ fairlead }: Host): Promise<VipJson | undefined> {
  return ((await fairlead.api('/v1/vips')) as VipListJson).vips[0];
}

export const engineFaults: readonly Fault[] = [
  {
    done: '`docker stop` of a container with a stop timeout of 30 s, where connections drain for 1 s',
    holds: 'its connections go on as long as the container may',
    within: Infinity,
    needs: enginePrograms,
    async run() {
      const host = await createHost({ images: ['node'], shared: true });
      try {
        await host.fairlead.start(['--set', `balancing.drainTimeout=${DRAIN_MS}ms`]);
        await host.docker.start('shop-echo-1', {
          image: 'node',
          labels: {
            ...composeLabels('shop', 'echo', 1),
            ...{ 'fairlead.endpoint_mode': 'vip', 'fairlead.ports': '7000' },
          },
          flags: ['--stop-timeout=30', '--init=false'],
          command: ['node', '-e', STUBBORN],
        });
        await until(async () => (await vipOf(host))?.state === 'up');
        const app = join(host.dir, 'load');
        compile(fileURLToPath(new URL('../fixtures/vips', import.meta.url)), ['load'], app);
        const { vip = '', port = 0 } = (await vipOf(host)) ?? {};
        const client = host.netns.spawn(
          process.execPath,
          [join(app, 'load.mjs'), vip, String(port), '0', '5'],
          { stdio: ['pipe', 'pipe', 'inherit'] },
        );
        if (!client.stdout) throw new Error('the clients have no standard output');
        const lines = createInterface({ input: client.stdout })[Symbol.asyncIterator]();
        must((await lines.next()).value === 'begun', 'the clients did not begin');
        const stopped = host.docker.cli('stop', 'shop-echo-1');
        await until(async () => (await vipOf(host))?.tasks[0]?.state === 'draining');
        await pause(3 * DRAIN_MS);
        client.stdin?.end();
        const { held, broken } = JSON.parse(String((await lines.next()).value)) as Load;
        await host.docker.cli('kill', 'shop-echo-1');
        await stopped;
        must(broken === 0, `${broken} of ${held} connections ended`);
        return { connections: { opened: held, lost: broken }, wrong: 0 };
      } finally {
        await host.close();
      }
    },
  },
];
