import { performance } from 'node:perf_hooks';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import type { StatusJson } from '../../../src/api/types/status-json.js';
import { getOverSocket } from '../support/http.js';
import { pause, until } from './fault-ground.js';
import { must, START_MS, type Fault } from './fault.js';
import type { Outcome } from './outcome.js';
import { onNetwork, type Load, type VipGround } from './vip-ground.js';

const MAIN = resolve(import.meta.dirname, '../../../dist/main.js');
const NEEDS = ['ip', 'nft', 'ss', 'dig', 'nsenter'];
const TABLE = ['list', 'table', 'ip', 'fairlead_vip'];

const connectionsOf = ({
  opened,
  refused,
  lost,
  held,
  broken,
}: Load): NonNullable<Outcome['connections']> => ({
  opened: opened + held,
  lost: refused + lost + broken,
});

/** Whether the kernel has rules that lead to a listener. */
async function leads({ network }: VipGround): Promise<boolean> {
  const { stdout } = await network.host.run('nft', TABLE);
  return stdout.includes('jump lead') && stdout.includes('elements = {');
}

/** 1 when a client gets another address than before. */
async function wrongSince(ground: VipGround, address: string): Promise<number> {
  return (await ground.resolve()) === address ? 0 : 1;
}

export const hostFaults: readonly Fault[] = [
  {
    done: 'restart with `fairlead run --takeover` under 200 new connections a second to a virtual IP, and 50 that stay open, three times',
    holds: 'no connection is refused, lost or ended',
    within: 3 * START_MS,
    needs: NEEDS,
    run: onNetwork(async (ground) => {
      const address = await ground.resolve();
      const connections = { opened: 0, lost: 0 };
      let heal = 0;
      for (let round = 0; round < 3; round++) {
        const load = await ground.under(200, 50, async () => {
          const begun = performance.now();
          await ground.network.fairlead.takeOver();
          heal += performance.now() - begun;
          // The new process carries connections, too: the rules lead to it. The old one goes on with what is open for 30 s.
          const before = (await ground.vip()).total;
          await until(async () => (await ground.vip()).total > before + 100);
        });
        const { opened, lost } = connectionsOf(load);
        connections.opened += opened;
        connections.lost += lost;
        must(lost === 0, JSON.stringify(load));
      }
      return { connections, wrong: await wrongSince(ground, address), heal };
    }),
  },
  {
    done: '`nft flush ruleset`',
    holds:
      'the rules are back at once and not after half a minute, connections are led again, and `status` counts it; the kernel resets what sends in between',
    within: 10_000,
    needs: NEEDS,
    run: onNetwork(async (ground) => {
      const address = await ground.resolve();
      let heal = 0;
      const load = await ground.under(0, 20, async () => {
        await until(() => leads(ground));
        // Until the monitor listens, which says nothing when it does.
        await until(async () => (await ground.host('ps', '-eo', 'args')).includes('nft monitor'));
        await ground.host('nft', 'flush', 'ruleset');
        const begun = performance.now();
        await until(() => leads(ground));
        heal = performance.now() - begun;
        await until(async () => (await ground.network.fairlead.status()).vips.repairs === 1);
      });
      const after = await ground.under(200, 20, () => pause(500));
      must(connectionsOf(after).lost === 0, 'connections were lost after the repair');
      return { connections: connectionsOf(load), wrong: await wrongSince(ground, address), heal };
    }),
  },
  {
    done: '`ip route del` of the pool',
    holds: 'the route is back after half a minute, connections that are open go on',
    within: 40_000,
    needs: NEEDS,
    run: onNetwork(async (ground) => {
      const address = await ground.resolve();
      const routes = () => ground.host('ip', 'route', 'show', 'table', 'local');
      must((await routes()).includes('10.43.0.0/16'), 'there is no route');
      const begun = performance.now();
      await ground.host('ip', 'route', 'del', 'local', '10.43.0.0/16', 'dev', 'lo');
      await until(async () => (await routes()).includes('10.43.0.0/16'));
      const heal = performance.now() - begun;
      const load = await ground.under(100, 5, () => pause(500));
      must(load.refused + load.lost + load.broken === 0, 'connections were lost after the repair');
      return { connections: connectionsOf(load), wrong: await wrongSince(ground, address), heal };
    }),
  },
  {
    done: '`ip addr del` of the address that names are asked at',
    holds: 'it is back within seconds, and names are answered',
    within: 10_000,
    needs: NEEDS,
    run: onNetwork(async (ground) => {
      const address = await ground.resolve();
      const begun = performance.now();
      await ground.host('ip', 'address', 'del', '169.254.169.250/32', 'dev', 'lo');
      await until(async () => (await ground.host('ip', '-o', 'address')).includes('169.254.169.250'));
      await until(async () => (await ground.resolve()) === address);
      return { wrong: await wrongSince(ground, address), heal: performance.now() - begun };
    }),
  },
  {
    done: 'a second daemon with a state directory of its own and the same pool',
    holds:
      'its virtual IPs stay off and it says who has them; those of the first one go on; it has them when the first one is gone',
    within: START_MS,
    needs: NEEDS,
    run: onNetwork(async (ground) => {
      const address = await ground.resolve();
      const folder = mkdtempSync(join(tmpdir(), 'fairlead-second-'));
      const socket = join(folder, 'api.sock');
      writeFileSync(
        join(folder, 'fairlead.yaml'),
        `state: ${folder}/state\ndns: { listen: ["127.0.0.1:5353"], upstreams: [] }\nsources: { file: { path: ${folder}/none.yaml } }\napi: { listen: ["unix:${socket}"] }\n`,
      );
      writeFileSync(join(folder, 'none.yaml'), 'stacks: {}\n');
      const vips = async (): Promise<StatusJson['vips'] | undefined> => {
        try {
          return (JSON.parse((await getOverSocket(socket, '/v1/status')).body) as StatusJson).vips;
        } catch {
          return undefined;
        }
      };
      try {
        let heal = 0;
        const load = await ground.under(100, 10, async () => {
          const args = [MAIN, 'run', '--config', join(folder, 'fairlead.yaml')];
          ground.network.host.spawn(process.execPath, args, { stdio: 'ignore' });
          await until(async () => (await vips())?.why?.includes('another Fairlead (pid') === true);
          must((await vips())?.plane === 'off', 'it has virtual IPs');
          must(await leads(ground), 'the rules of the first one are gone');
        });
        must(load.refused + load.lost + load.broken === 0, 'connections of the first one were lost');
        const wrong = await wrongSince(ground, address);
        await ground.network.fairlead.stop();
        const begun = performance.now();
        await until(async () => (await vips())?.plane === 'proxy');
        heal = performance.now() - begun;
        return { connections: connectionsOf(load), wrong, heal };
      } finally {
        rmSync(folder, { recursive: true, force: true });
      }
    }),
  },
];
