import type { UdpCheck } from '../check.js';
import { exchangeDatagram } from './datagram.js';
import { outside, passed, type Probe } from './probe.js';

/** Sends a datagram and waits for one with the expected content. */
export function udpProbe(check: UdpCheck): Probe {
  const payload = Buffer.from(check.send, 'latin1');
  const { expect } = check;
  const expected = expect === undefined ? undefined : Buffer.from(expect, 'latin1');
  const silence = expected === undefined ? passed('no answer, and no "port unreachable"') : undefined;
  return (target, signal) => {
    const refusal = outside(target);
    if (refusal) return Promise.resolve(refusal);
    const judge = (answer: Buffer) =>
      expected === undefined || answer.includes(expected)
        ? passed(`answer of ${answer.length} bytes`)
        : undefined;
    return exchangeDatagram(target, signal, payload, judge, silence);
  };
}
