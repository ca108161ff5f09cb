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

/** More datagrams than the server can answer: how late its timers are, and whether it still takes connections. */
export async function udpFlood(milliseconds: number): Promise<Figure[]> {
  const daemon = await startDaemon();
  const delay = monitorEventLoopDelay({ resolution: 1 });
  const late = (what: string): Figure[] =>
    ([50, 99] as const).map((percent) => {
      const value = round(delay.percentile(percent) / 1e6);
      return { attack: ATTACK, what: `event-loop delay p${percent}, ${what}`, value, unit: 'ms' };
    });
  delay.enable();
  await sleep(IDLE_MS);
  const idle = late('idle');
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
    const attacked = late('attacked');
    const { sent } = await flooded;
    const taken = daemon.responder.counters().packets.udp - before;
    return [
      { attack: ATTACK, what: 'datagrams sent', value: Math.round((sent / milliseconds) * 1000), unit: '/s' },
      {
        attack: ATTACK,
        what: 'datagrams answered',
        value: Math.round((taken / milliseconds) * 1000),
        unit: '/s',
      },
      ...idle,
      ...attacked,
      always(ATTACK, 'TCP queries answered meanwhile', answered, asked),
      never(ATTACK, 'faults', daemon.faults.length, taken),
    ];
  } finally {
    delay.disable();
    assailant.stop();
    await daemon.stop();
  }
}
