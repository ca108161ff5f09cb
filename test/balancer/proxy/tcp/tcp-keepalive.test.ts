import { readdirSync, readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { loadLibc } from '../../../../src/linux/libc.js';
import { Client, echo, until } from '../peer.js';
import { setUpProxy } from '../proxy-setup.js';
import { describeTcp } from './tcp-implementations.js';

const libc = await loadLibc();
const SOL_SOCKET = 1;
const SO_KEEPALIVE = 9;
const IPPROTO_TCP = 6;
/** TCP_KEEPIDLE, TCP_KEEPINTVL, TCP_KEEPCNT (tcp(7)). */
const TIMES = [4, 5, 6];

/** Idle time, interval and count of the sockets of this process that have the kernel ask. */
function kept(): (readonly number[])[] {
  if ('unavailable' in libc) return [];
  const memory = new Int32Array(2);
  const option = (fd: number, level: number, name: number): number => {
    memory.set([0, 4]);
    const at = libc.address(memory.buffer);
    return libc.getsockopt(fd, level, name, at, at + 4) < 0 ? 0 : (memory[0] ?? 0);
  };
  return readdirSync('/proc/self/fd')
    .map(Number)
    .filter((fd) => option(fd, SOL_SOCKET, SO_KEEPALIVE) === 1)
    .map((fd) => TIMES.map((name) => option(fd, IPPROTO_TCP, name)));
}

const host = (name: string) => Number(readFileSync(`/proc/sys/net/ipv4/tcp_keepalive_${name}`, 'utf8'));

describeTcp(
  'keepalive',
  (implementation) => {
    const { peer, serve } = setUpProxy(94, implementation);

    it.skipIf('unavailable' in libc)('does not take a short silence for an end, on either side', async () => {
      const task = await peer(echo);
      const { vip, clock } = await serve([task.address]);
      await new Client(vip).send('x').got(1);
      expect(kept()).toEqual([]);
      clock.ahead += 3000;
      await until(() => kept().length === 2);
      // Node can set the first of them only, and then sets the others too low.
      const times =
        implementation.name === 'node' ? [host('time'), host('intvl'), host('probes')] : [60, 15, 9];
      expect(kept()).toEqual([times, times]);
    });
  },
  { clock: true },
);
