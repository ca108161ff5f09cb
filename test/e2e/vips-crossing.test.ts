import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { VipJson, VipListJson } from '../../src/api/types/vips-json.js';
import { compileAgent, startAgent, type Order, type Seen } from './support/agent.js';
import { engineVersions } from './support/engine-version.js';
import { createHost, untilKnown, type Host } from './support/host.js';
import { composeLabels } from './support/labels.js';
import { untilEqual } from './support/poll.js';
import { describeOnHost } from './support/requirements.js';

/** The tasks are on the network `back`; one service is for all, one for that network alone, one by a port of the host. */
const SERVICES = {
  open: { 'fairlead.expose': 'true' },
  near: {},
  shown: {},
} as const;
type ServiceName = keyof typeof SERVICES;

for (const version of engineVersions)
  describeOnHost(
    `virtual IPs across the bridges of Docker, engine ${version}`,
    () => {
      let host: Host;
      const agents = new Map<string, Order>();

      beforeAll(async () => {
        host = await createHost({ shared: version === 'installed', version });
        const dir = join(host.dir, 'agent');
        compileAgent(dir);
        for (const network of ['front', 'back']) await host.docker.cli('network', 'create', network);
        await host.docker.cli('network', 'create', '--internal', 'inner');
        const start = async (name: string, network: string, labels = {}, flags: readonly string[] = []) => {
          await host.docker.start(name, {
            network,
            labels: { ...composeLabels('shop', name), ...labels },
            flags,
          });
          const inside = await host.docker.inside(name);
          agents.set(name, startAgent({ spawn: inside.spawn }, dir));
        };
        for (const [name, labels] of Object.entries(SERVICES)) {
          const flags = name === 'shown' ? ['--publish=8080:80'] : [];
          await start(
            name,
            'back',
            { 'fairlead.ports': '80/tcp,53/udp', 'fairlead.endpoint_mode': 'vip', ...labels },
            flags,
          );
          await order(name)({ do: 'serve', name, tcp: 80, udp: 53 });
        }
        await start('client', 'front');
        await start('insider', 'inner');
        await start('other', 'front');
        await host.docker.cli('network', 'connect', 'back', 'other');
        await host.fairlead.start();
        await host.fairlead.reload({ vip: { dataPlane: 'nftables' } });
        await untilKnown(host, ...Object.keys(SERVICES), 'client', 'insider', 'other');
        await crossed(true);
      });

      afterAll(async () => {
        await host.close();
      });

      const order = (name: string): Order => {
        const agent = agents.get(name);
        if (!agent) throw new Error(`there is no agent in ${name}`);
        return agent;
      };
      const vipOf = async (name: ServiceName, protocol = 'tcp'): Promise<VipJson> => {
        const { vips } = (await host.fairlead.api(`/v1/vips?stack=shop&service=${name}`)) as VipListJson;
        const vip = vips.find((each) => each.protocol === protocol);
        if (!vip) throw new Error(`${name} has no virtual IP`);
        return vip;
      };
      const bridgeOf = async (network: string): Promise<string> =>
        `br-${(await host.docker.cli('network', 'inspect', network, '--format={{.Id}}')).trim().slice(0, 12)}`;
      const leads = async (name: ServiceName, network: string): Promise<boolean> =>
        ((await vipOf(name)).carrier?.scope ?? '').includes(await bridgeOf(network));
      /** Resolves when the kernel carries clients of `front`, or does not. */
      const crossed = (is: boolean) =>
        untilEqual('the kernel carries front', () => leads('open', 'front'), is, host.patience());
      const tcp = async (from: string, to: ServiceName): Promise<Seen> =>
        await order(from)({ do: 'tcp', ip: (await vipOf(to)).vip, port: 80, count: 2 });
      const udp = async (from: string, to: ServiceName): Promise<Seen> =>
        await order(from)({ do: 'udp', ip: (await vipOf(to, 'udp')).vip, port: 53, count: 2 });
      const isPassed = async (): Promise<boolean> =>
        (await host.netns.run('iptables', ['-S', 'DOCKER-USER'])).stdout.includes('fairlead_vip');
      /** Up to 27, Docker lets replies to a container of another bridge pass. */
      const source = (): Promise<string> =>
        version === 'newest' ? gatewayOf('back') : host.docker.address('client', 'front');
      const gatewayOf = async (network: string): Promise<string> =>
        (
          await host.docker.cli('network', 'inspect', network, '--format={{(index .IPAM.Config 0).Gateway}}')
        ).trim();

      test('the kernel carries a client of another bridge to a service that is for all', async () => {
        const peers = [await source()];
        expect(await tcp('client', 'open')).toMatchObject({ names: { open: 2 }, errors: {}, peers });
        expect(await udp('client', 'open')).toMatchObject({ names: { open: 2 }, errors: {}, peers });
        const total = async () => (await vipOf('open')).total >= 2;
        await untilEqual('the kernel has counted them', total, true, host.patience());
        expect(await vipOf('open')).not.toHaveProperty('bytesIn');
      });

      test('and to one of which the host publishes the port, and not to one that it may not use', async () => {
        expect(await leads('shown', 'front')).toBe(true);
        expect(await tcp('client', 'shown')).toMatchObject({ names: { shown: 2 }, errors: {} });
        expect(await leads('near', 'front')).toBe(false);
        expect(await tcp('client', 'near')).toMatchObject({ names: {}, errors: { ECONNREFUSED: 2 } });
        // One that is on the network of the tasks too asks from the other one.
        expect(await tcp('other', 'near')).toMatchObject({ names: { near: 2 }, errors: {} });
      });

      test('an internal network is not opened: Docker’s isolation is as it was', async () => {
        const { left = [] } = (await vipOf('open')).carrier ?? {};
        const why = 'an internal network is never opened';
        expect(left).toContainEqual({ bridge: await bridgeOf('inner'), why });
        const gateway = await gatewayOf('inner');
        await (await host.docker.inside('insider')).run('ip', ['route', 'add', 'default', 'via', gateway]);
        const at = async (from: string, to: string, network: string): Promise<Seen> =>
          await order(from)({ do: 'tcp', ip: await host.docker.address(to, network), port: 80, count: 1 });
        // The proxy carries what the service says.
        expect(await tcp('insider', 'open')).toMatchObject({ names: { open: 2 }, errors: {} });
        expect((await at('insider', 'open', 'back')).names).toEqual({});
        expect((await at('client', 'open', 'back')).names).toEqual({});
      });

      test('explain, vips and doctor say what carries whom', async () => {
        const front = await bridgeOf('front');
        const back = await bridgeOf('back');
        const { stdout: told } = await host.fairlead.cli(
          'explain',
          'open.shop.rancher.internal',
          '--as=client',
        );
        expect(told).toMatch(new RegExp(`carried by nftables for [^;]*${front}[^;]* and the host`));
        expect(told).toContain(`by the proxy for ${await bridgeOf('inner')}, because an internal network`);
        expect((await host.fairlead.cli('vips', '-o', 'wide')).stdout).toContain('nftables+proxy');
        const { stdout } = await host.fairlead.cli('doctor');
        const sees = version === 'newest' ? 'host' : 'client';
        expect(stdout).toContain(
          `the kernel carries connections from ${front} to ${back} (tasks see the ${sees})`,
        );
      });

      test('a rule that another program takes away is put back, and what is open goes on', async () => {
        const ip = (await vipOf('open')).vip;
        const { held } = await order('client')<{ held: number }>({ do: 'hold', ip, port: 80 });
        expect(await isPassed()).toBe(true);
        await host.netns.must('iptables', ['-F', 'DOCKER-USER']);
        await untilEqual('the rule is back', isPassed, true, host.patience());
        expect(await order('client')<string>({ do: 'say', held })).toBe('ok');
      });

      test('Fairlead stops and starts: the kernel goes on', async () => {
        const ip = (await vipOf('open')).vip;
        const { held } = await order('client')<{ held: number }>({ do: 'hold', ip, port: 80 });
        await host.fairlead.stop();
        expect(await order('client')<string>({ do: 'say', held })).toBe('ok');
        expect((await order('client')<Seen>({ do: 'tcp', ip, port: 80, count: 2 })).errors).toEqual({});
        await host.fairlead.start();
        await crossed(true);
        expect(await order('client')<string>({ do: 'say', held })).toBe('ok');
      });

      test('another plane at a reload loses no connection, and the rule goes behind the last one', async () => {
        const ip = (await vipOf('open')).vip;
        const { held } = await order('client')<{ held: number }>({ do: 'hold', ip, port: 80 });
        await host.fairlead.reload({ vip: { dataPlane: 'proxy' } });
        const peers = [await gatewayOf('back')];
        const seen = async () => (await tcp('client', 'open')).peers;
        await untilEqual('the proxy carries front', seen, peers, host.patience());
        expect(await order('client')<string>({ do: 'say', held })).toBe('ok');
        expect(await isPassed()).toBe(true);
        await order('client')({ do: 'drop' });
        await untilEqual('Docker’s rules are as before', isPassed, false, host.patience());
      });
    },
    ['ip', 'nft', 'nsenter', 'conntrack', 'iptables', 'docker'],
  );
