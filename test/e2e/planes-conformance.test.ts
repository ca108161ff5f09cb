import { closeSync, openSync } from 'node:fs';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { nftablesPlaneSpec } from '../../src/balancer/nftables/nftables-plane.js';
import type { DataPlane } from '../../src/balancer/plane.js';
import { thisHost } from '../../src/balancer/plane-host.js';
import { loadLibc } from '../../src/linux/libc.js';
import { silentLog } from '../../src/net/log.js';
import { describeDataPlane } from '../balancer/data-plane/conformance.js';
import { createNetns, type Netns } from './support/netns.js';
import { describeOnHost } from './support/requirements.js';

const POOL = '10.43.0.0/16';
const BRIDGE = { name: 'br0', ip: '10.88.0.1', subnet: '10.88.0.0/24' };
const CLONE_NEWNET = 0x40000000;

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

    it('has carried most of what the cases above asked for', () => {
      expect(carried).toBeGreaterThan(15);
    });
  },
  ['ip', 'nft', 'nsenter', 'conntrack', 'sysctl'],
);
