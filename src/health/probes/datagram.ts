import { createSocket } from 'node:dgram';
import { ipFamily } from '../../net/ip.js';
import { ownProxyHeader } from '../../net/proxy-protocol.js';
import type { ProbeResult, ProbeTarget } from './probe.js';
import { settleOnce } from './settle.js';

/**
 * Sends one datagram, behind the PROXY header that the task expects, and hands over what comes back, until `judge` gives a result. The socket is connected, so that it
 * hears of "port unreachable" and of the task alone.
 * @param onSilence the result when the time is over without an answer; absent: that is a failure
 */
export function exchangeDatagram(
  target: ProbeTarget,
  signal: AbortSignal,
  payload: Uint8Array,
  judge: (answer: Buffer) => ProbeResult | undefined,
  onSilence?: ProbeResult,
): Promise<ProbeResult> {
  return settleOnce(signal, (settle) => {
    const socket = createSocket(ipFamily(target.ip) === 4 ? 'udp4' : 'udp6');
    settle.atTimeout = onSilence;
    socket.on('error', (error) => settle.fail(error));
    socket.on('message', (answer) => {
      const result = judge(answer);
      if (result) settle.done(result);
    });
    socket.connect(target.port, target.ip, () => {
      settle.when = 'waiting for the answer';
      const header = target.proxy === undefined ? [] : [ownProxyHeader(target.proxy)];
      socket.send([...header, payload], (error) => {
        if (error) settle.fail(error);
      });
    });
    return { close: () => socket.close() };
  });
}
