import { afterAll, beforeAll, expect, test } from 'vitest';
import { nftablesPlaneSpec } from '../../src/balancer/nftables/nftables-plane.js';
import type { DataPlane, PlaneContext, VirtualService } from '../../src/balancer/plane.js';
import { thisHost } from '../../src/balancer/plane-host.js';
import { proxyPlaneSpec } from '../../src/balancer/proxy/proxy-plane.js';
import { silentLog } from '../../src/net/log.js';
import type { Seen } from './support/agent.js';
import { createPlaneGround, type PlaneGround, type Station } from './support/plane-ground.js';
import { untilEqual } from './support/poll.js';
import { describeOnHost } from './support/requirements.js';

const WEB = 80;
const DNS = 53;

for (const family of [4, 6] as const)
  describeOnHost(
    `virtual IPs that the kernel carries from one bridge to another, IPv${family}`,
    () => {
      const ip = family === 4 ? 'ip' : 'ip6';
      let ground: PlaneGround;
      let plane: DataPlane;

      beforeAll(async () => {
        ground = await createPlaneGround(`flkx${family}`, family);
        ground.enter();
        plane = nftablesPlaneSpec({ proxy: {}, isChosen: true }).open(context());
        await plane.use(ground.pool);
        await plane.admit(ground.clients);
        await plane.apply(wanted());
        await carried(true);
      });

      afterAll(async () => {
        await plane.use(undefined);
        await plane.close();
        ground.leave();
        await ground.remove();
      });

      /** The stations are the containers of their networks. */
      const context = (): PlaneContext => ({
        ...{ host: thisHost, onSignal: () => undefined, log: silentLog },
        vantages: () =>
          new Map(
            (['c1', 'c2'] as const).map((name, at) => {
              const { netns, ip: address } = ground.stations[name];
              return [`net${at}`, { namespaces: [netns.path], ip: address }];
            }),
          ),
      });
      const wanted = (): readonly VirtualService[] => [
        {
          ...{ service: 'default/shop/web', vip: ground.vip(1), port: WEB, protocol: 'tcp', scheduler: 'rr' },
          backends: (['b1', 'b2'] as const).map((name) => backend(name, 8080)),
        },
        {
          ...{ service: 'default/shop/dns', vip: ground.vip(2), port: DNS, protocol: 'udp', scheduler: 'rr' },
          backends: [backend('b1', 5353)],
        },
      ];
      const backend = (name: 'b1' | 'b2', port: number) => ({
        ...{ id: name, name, weight: 1, state: 'active' as const },
        address: { ip: ground.stations[name].ip, port },
      });
      const tcp = (from: Pick<Station, 'order'>, count: number): Promise<Seen> =>
        from.order({ do: 'tcp', ip: ground.vip(1), port: WEB, count });
      const udp = (from: Pick<Station, 'order'>, count: number, same: boolean): Promise<Seen> =>
        from.order({ do: 'udp', ip: ground.vip(2), port: DNS, count, same });
      const leftOf = async () =>
        (await plane.counters()).find(({ port }) => port === WEB)?.carrier?.left ?? [];
      /** Resolves when the kernel carries clients of `br1`, or does not. */
      const carried = async (is: boolean): Promise<void> => {
        await untilEqual('the kernel carries br1', async () => (await leftOf()).length === 0, is);
        // It is decided, but perhaps not written yet.
        await plane.apply(wanted());
      };
      const must = (...args: readonly string[]) => ground.host.must('nft', [args.join(' ')]);
      const recheck = async (is: boolean): Promise<void> => {
        await plane.repair();
        await carried(is);
      };

      test('the task sees the client, in turns by weight, and datagrams take the same way', async () => {
        const { c2 } = ground.stations;
        expect(await tcp(c2, 10)).toMatchObject({ names: { b1: 5, b2: 5 }, peers: [c2.ip], errors: {} });
        expect(await udp(c2, 3, false)).toMatchObject({ names: { b1: 3 }, peers: [c2.ip], errors: {} });
        expect(plane.figures().kernel?.ways).toEqual([{ from: 'br1', to: 'br0', source: 'client' }]);
        // Nothing of the trial is left.
        expect(await ground.host.must('nft', ['list', 'tables'])).not.toContain('fairlead_try');
      });

      test('a task on several networks sees the host: its replies would take another way', async () => {
        const { c2, b1 } = ground.stations;
        await plane.admit({ ...ground.clients, addresses: [[b1.ip, ['net0', 'net1']]] });
        await plane.apply(wanted());
        const { peers, errors } = await tcp(c2, 4);
        expect([[...peers].sort(), errors]).toEqual([[c2.ip, ground.gateway(0)].sort(), {}]);
        await plane.admit(ground.clients);
        await plane.apply(wanted());
      });

      test('a rule of the host comes in the way: the proxy carries them, until the rule is gone', async () => {
        const { c2 } = ground.stations;
        await must(`add table ${ip} wall`);
        await must(`add chain ${ip} wall forward { type filter hook forward priority 0; }`);
        await must(`add rule ${ip} wall forward iifname br1 oifname br0 drop`);
        await recheck(false);
        expect(await leftOf()).toEqual([
          { bridge: 'br1', why: 'a connection from br1 to br0 gets no answer; a rule of the host drops it' },
        ]);
        expect(await tcp(c2, 4)).toMatchObject({
          names: { b1: 2, b2: 2 },
          peers: [ground.gateway(0)],
          errors: {},
        });
        expect(await udp(c2, 3, true)).toMatchObject({ names: { b1: 3 }, errors: {} });
        await must(`delete table ${ip} wall`);
        await recheck(true);
        expect((await tcp(c2, 2)).peers).toEqual([c2.ip]);
      });

      test("where Docker's rules of nftables let only marked packets pass, they are marked", async () => {
        const { c2 } = ground.stations;
        const bridges = `${ip} docker-bridges`;
        await must(`add table ${bridges}`);
        await must(`add chain ${bridges} forward { type filter hook forward priority 0; }`);
        await must(`add rule ${bridges} forward ct state established,related accept`);
        await must(`add rule ${bridges} forward oifname br0 iifname != br0 drop`);
        await recheck(false);
        expect(await leftOf()).toMatchObject([
          { why: expect.stringContaining('bridge-accept-fwmark') as string },
        ]);
        await must(
          `insert rule ${bridges} forward oifname br0 meta mark and 0x10000 == 0x10000 accept comment "ALLOW FW MARK"`,
        );
        await recheck(true);
        expect(await tcp(c2, 4)).toMatchObject({
          names: { b1: 2, b2: 2 },
          peers: [ground.gateway(0)],
          errors: {},
        });
        expect(plane.figures().kernel?.ways).toEqual([{ from: 'br1', to: 'br0', source: 'host' }]);
        await must(`delete table ${bridges}`);
        await recheck(true);
      });

      test('another plane takes over: what is open goes on', async () => {
        const { c2 } = ground.stations;
        const { held } = await c2.order<{ held: number }>({ do: 'hold', ip: ground.vip(1), port: WEB });
        const change = async (next: DataPlane): Promise<void> => {
          await next.use(ground.pool, true);
          await plane.replaced?.();
          await next.admit(ground.clients);
          await next.apply(wanted());
          void plane.drain(true);
          await plane.close(true);
          plane = next;
        };
        await change(proxyPlaneSpec({}).open(context()));
        expect((await tcp(c2, 2)).peers).toEqual([ground.gateway(0)]);
        expect(await c2.order<string>({ do: 'say', held })).toBe('ok');
        await change(nftablesPlaneSpec({ proxy: {}, isChosen: true }).open(context()));
        await carried(true);
        expect((await tcp(c2, 2)).peers).toEqual([c2.ip]);
        expect(await c2.order<string>({ do: 'say', held })).toBe('ok');
      });
    },
    ['ip', 'nft', 'nsenter', 'conntrack', 'sysctl'],
  );
