import { closeSync, openSync } from 'node:fs';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { nftablesPlaneSpec } from '../../src/balancer/nftables/nftables-plane.js';
import type { DataPlane } from '../../src/balancer/plane.js';
import { thisHost } from '../../src/balancer/plane-host.js';
import { loadLibc } from '../../src/linux/libc.js';
import { openNftNetlink } from '../../src/linux/nft-netlink.js';
import type { NftPart, NftSet, NftTable } from '../../src/linux/nft-table.js';
import { NftWriter } from '../../src/linux/nft-writer.js';
import { silentLog } from '../../src/net/log.js';
import { describeDataPlane } from '../balancer/data-plane/conformance.js';
import { createNetns, type Netns } from './support/netns.js';
import { describeOnHost } from './support/requirements.js';

const POOL = '10.43.0.0/16';
const BRIDGE = { name: 'br0', ip: '10.88.0.1', subnet: '10.88.0.0/24' };
const CLONE_NEWNET = 0x40000000;

type Members = Readonly<Record<string, ReadonlyMap<string, string>>>;

const PLACE = fc
  .tuple(fc.integer({ min: 2, max: 40 }), fc.constantFrom('tcp', 'udp'), fc.integer({ min: 1, max: 65_535 }))
  .map(([host, protocol, port]) => `10.43.0.${host} . ${protocol} . ${port}`);
const MARK = fc.integer({ min: 0, max: 2 ** 32 - 1 }).map(String);
const TASK = fc
  .tuple(fc.integer({ min: 2, max: 250 }), fc.integer({ min: 1, max: 65_535 }))
  .map(([host, port]) => `10.88.0.${host} . ${port}`);
const NAME = fc.constantFrom('"br0"', '"docker0"', '"br-0123456789ab"');

function elements(key: fc.Arbitrary<string>, value: fc.Arbitrary<string>): fc.Arbitrary<Map<string, string>> {
  return fc.array(fc.tuple(key, value), { maxLength: 30 }).map((all) => new Map(all));
}

/** Sets of the types that the tables of virtual IPs have. */
const SETS = new Map<string, NftSet>([
  ['slots', { kind: 'map', statements: ['type ipv4_addr . inet_proto . inet_service . mark : mark'] }],
  [
    'tasks',
    {
      kind: 'map',
      statements: ['type ipv4_addr . inet_proto . inet_service . mark : ipv4_addr . inet_service', 'counter'],
    },
  ],
  ['kept', { kind: 'set', statements: ['type ifname . ifname'] }],
  ['served', { kind: 'set', statements: ['type ipv4_addr . inet_proto . inet_service'] }],
]);
const NOTHING = fc.constant('');
const KEY = fc.tuple(PLACE, MARK).map(([place, mark]) => `${place} . ${mark}`);
const MEMBERS: fc.Arbitrary<Members> = fc.record({
  slots: elements(KEY, MARK),
  tasks: elements(KEY, TASK),
  kept: elements(
    fc.tuple(NAME, NAME).map(([from, to]) => `${from} . ${to}`),
    NOTHING,
  ),
  served: elements(PLACE, NOTHING),
});

function tableOf(name: string, members: Members): NftTable {
  return {
    ...{ family: 'ip', name },
    parts: new Map<string, NftPart>([
      ['sets', { sets: SETS }],
      ['members', { members: new Map(Object.entries(members)) }],
    ]),
  };
}

/** Clients and tasks are on the host itself, so the rules for the host's own connections lead all of them. */
describeOnHost(
  'a data plane in the kernel',
  () => {
    let netns: Netns;
    let leave: () => void;
    let carried = 0;

    beforeAll(async () => {
      const libc = await loadLibc();
      if ('unavailable' in libc) throw new Error(libc.unavailable);
      netns = await createNetns('flkconf', '192.0.2.1');
      await netns.must('sysctl', ['-qw', 'net.ipv4.ip_forward=1']);
      await netns.must('ip', ['link', 'add', BRIDGE.name, 'type', 'bridge']);
      await netns.must('ip', ['address', 'add', `${BRIDGE.ip}/24`, 'dev', BRIDGE.name]);
      await netns.must('ip', ['link', 'set', BRIDGE.name, 'up']);
      const home = openSync('/proc/thread-self/ns/net', 'r');
      const own = openSync(netns.path, 'r');
      if (libc.setns(own, CLONE_NEWNET) !== 0) throw new Error(`cannot enter ${netns.path}`);
      closeSync(own);
      leave = () => {
        if (libc.setns(home, CLONE_NEWNET) !== 0) process.abort();
        closeSync(home);
      };
    });

    afterAll(async () => {
      leave();
      await netns.remove();
    });

    const open = async (): Promise<DataPlane> => {
      // Counts are read again at each look.
      let clock = 0;
      const now = (): number => performance.now() + (clock += 501);
      const plane = nftablesPlaneSpec({ proxy: { native: false }, isChosen: false, now }).open({
        ...{ host: thisHost, onSignal: () => undefined, log: silentLog },
      });
      await plane.use(POOL);
      await plane.admit({
        networks: [{ id: 'net0', subnets: [BRIDGE.subnet], bridge: BRIDGE.name, hasHost: true }],
        ...{ addresses: [], host: [POOL, '127.0.0.0/8', BRIDGE.ip], external: [] },
      });
      return plane;
    };

    describeDataPlane('nftables', async () => {
      const plane = await open();
      return {
        plane,
        taskIp: BRIDGE.ip,
        vip: (n) => ({ ip: `10.43.1.${n}`, port: 80 }),
        close: async () => {
          const { kernel } = plane.figures();
          carried += kernel?.services ?? 0;
          await plane.use(undefined);
          await plane.close();
        },
      };
    });

    it('has elements that were told to the kernel directly as nft would have written them', async () => {
      let told = 0;
      const netlink = async () => {
        const opened = await openNftNetlink();
        if (!opened) throw new Error('there is no netlink');
        const run: typeof opened.run = (batch) => {
          const outcome = opened.run(batch);
          if (outcome.ok) told++;
          return outcome;
        };
        return { run, close: () => opened.close() };
      };
      const listed = async (name: string): Promise<string> => {
        const text = await netns.must('nft', ['-n', 'list', 'table', 'ip', name]);
        // nft lists elements in the order of its hash.
        const sorted = text.replaceAll(/elements = \{([^}]*)\}/g, (_, elements: string) =>
          elements
            .split(',')
            .map((each) => each.trim())
            .sort()
            .join('\n'),
        );
        return sorted.replaceAll(/set stamp \{[^}]*\}/g, '').replaceAll(name, 'it');
      };
      await fc.assert(
        fc.asyncProperty(fc.array(MEMBERS, { minLength: 2, maxLength: 8 }), async (states) => {
          const [live, fresh] = [new NftWriter({ netlink }), new NftWriter({ netlink })];
          try {
            for (const members of states) await live.write(tableOf('changed', members));
            await fresh.write(tableOf('fresh', states.at(-1) ?? {}));
            expect(await listed('changed')).toBe(await listed('fresh'));
          } finally {
            live.close();
            fresh.close();
          }
        }),
        { numRuns: 20 },
      );
      expect(told).toBeGreaterThan(20);
    });

    it('has carried most of what the cases above asked for', () => {
      expect(carried).toBeGreaterThan(15);
    });
  },
  ['ip', 'nft', 'nsenter', 'conntrack', 'sysctl'],
);
