import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { capabilitySet, namesOf } from '../../src/linux/capabilities.js';
import { FaultGround, until } from './faults/fault-ground.js';
import { describeOnHost } from './support/requirements.js';

/** V8's helper threads, its timer, and the one that waits for SIGUSR1. */
const OF_NODE = 6;

const WEB = 'web: { tasks: [{ name: w1, ip: 192.0.2.1 }] }';
const ECHO =
  'echo: { ports: [7000/tcp], endpoint_mode: vip, vip: 127.43.0.5, tasks: [{ name: e1, ip: 127.0.0.1 }] }';

describeOnHost(
  'the capabilities of a daemon that runs as root',
  () => {
    let ground: FaultGround;

    beforeEach(async () => {
      ground = await FaultGround.create();
    });
    afterEach(() => ground.close());

    /** What each thread of a process may do, the same once; and how many threads may. */
    const threadsOf = (pid: number): Record<string, number> => {
      const counts: Record<string, number> = {};
      for (const thread of readdirSync(`/proc/${pid}/task`)) {
        const set = capabilitySet('Eff', `${pid}/task/${thread}`);
        // It has ended meanwhile.
        if (set === undefined) continue;
        const names = namesOf(set);
        const key = names.includes('SYS_MODULE') ? 'everything' : names.join(' ');
        counts[key] = (counts[key] ?? 0) + 1;
      }
      return counts;
    };
    const MAIN = 'DAC_OVERRIDE NET_BIND_SERVICE NET_ADMIN SYS_NICE';

    test('are those that its configuration needs, and threads that read packets have fewer', async () => {
      ground.writeServices(`stacks: { shop: { services: { ${WEB}, ${ECHO} } } }\n`);
      const { pid = 0 } = await ground.start();
      const carrying = 'NET_BIND_SERVICE SYS_NICE';
      await until(() => {
        const { everything = 0, [carrying]: carriers = 0 } = threadsOf(pid);
        return everything <= OF_NODE && carriers > 0;
      });
      const threads = threadsOf(pid);
      expect(Object.keys(threads).sort()).toEqual(['everything', MAIN, carrying, 'SYS_NICE'].sort());
      // The main thread, and at least the four that read and write files.
      expect(threads[MAIN]).toBeGreaterThanOrEqual(5);
      expect((await ground.status()).capabilities).toEqual(MAIN.split(' '));
      expect(await ground.ask()).toBe('192.0.2.1');
    });

    test('are what another configuration needs after a reload', async () => {
      const { pid = 0 } = await ground.start();
      const config = ground.path('fairlead.yaml');
      const socket = ground.path('no-engine.sock');
      const text = readFileSync(config, 'utf8').replace(
        'sources: {',
        `sources: { docker: { socket: "${socket}" },`,
      );
      writeFileSync(config, text);
      expect((await ground.cli('reload')).code).toBe(0);
      const names = ['NET_BIND_SERVICE', 'NET_ADMIN', 'SYS_NICE', 'DAC_OVERRIDE', 'SYS_ADMIN', 'SYS_PTRACE'];
      const effective = () => namesOf(capabilitySet('Eff', String(pid)) ?? 0n);
      await until(() => names.every((name) => effective().includes(name)));
      expect(effective()).not.toContain('SYS_MODULE');
    });
  },
  [],
);
