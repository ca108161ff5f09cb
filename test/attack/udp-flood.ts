import { monitorEventLoopDelay } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import { TYPE } from '../../src/wire/constants.js';
import { query } from '../conformance/packets.js';
import { startAssailant } from './assailant-process.js';
import { startDaemon } from './daemon.js';
import { always, never, type Figure } from './figure.js';
import { round } from './heap.js';
import { measureLatency, until } from './latency.js';
import { askTcp } from './tcp-ask.js';

const ATTACK = 'UDP flood';
const IDLE_MS = 1000;
const LATE = [
  { percent: 50, atMost: 50 },
  { percent: 99, atMost: 200 },
] as const;

/** More datagrams than the server can answer: how late its timers are, and whether it still takes connections. */
export async function udpFlood(milliseconds: number): Promise<Figure[]> {
  const daemon = await startDaemon();
  const delay = monitorEventLoopDelay({ resolution: 1 });
  const late = () => LATE.map(({ percent }) => round(delay.percentile(percent) / 1e6));
  delay.enable();
  await sleep(IDLE_MS);
  const idle = late();
  const assailant = startAssailant('flood', daemon.address.port, milliseconds);
  try {
    const before = daemon.responder.counters().packets.udp;
    while (daemon.responder.counters().packets.udp === before) await sleep(10);
    delay.reset();
    const flooded = assailant.next('flooded');
    const { asked, answered } = await measureLatency(
      () => askTcp(daemon.address, query('web.stack', TYPE.A)),
      until(flooded),
      20,
    );
    const attacked = late();
    const { sent } = await flooded;
    const taken = daemon.responder.counters().packets.udp - before;
    return [
      {
        attack: ATTACK,
        what: 'datagrams answered',
        value: Math.round((taken / milliseconds) * 1000),
        unit: '/s',
        bound: { atLeast: 1000, because: 'a flood slows the server down and does not stop it' },
        beside: `sent ${Math.round((sent / milliseconds) * 1000)} /s`,
      },
      ...LATE.map(({ percent, atMost }, at) => ({
        attack: ATTACK,
        what: `event-loop delay p${percent}, attacked`,
        value: attacked[at] ?? Infinity,
        unit: 'ms',
        bound: { atMost, because: 'the loop turns after each batch of datagrams, however many are waiting' },
        beside: `idle ${idle[at]} ms`,
      })),
      always(ATTACK, 'TCP queries answered meanwhile', answered, asked),
      never(ATTACK, 'faults', daemon.faults.length, taken),
    ];
  } finally {
    delay.disable();
    assailant.stop();
    await daemon.stop();
  }
}
