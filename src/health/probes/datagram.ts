import { createSocket } from 'node:dgram';
import { ipFamily } from '../../net/ip.js';
import { ownProxyHeader } from '../../net/proxy-protocol.js';
import type { ProbeResult, ProbeTarget } from './probe.js';
import { settleOnce } from './settle.js';

/**
 * Sends one datagram, after the PROXY header that the task expects, and passes replies to `judge` until it gives a
 * result. The socket is connected, so it gets "port unreachable", and datagrams only from the task.
 * @param onSilence the result if there is no answer in time; absent: that is a failure
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
