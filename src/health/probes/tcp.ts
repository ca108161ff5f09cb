import { Socket } from 'node:net';
import { closeSocket } from './close-socket.js';
import { outside, passed, type Probe } from './probe.js';
import { settleOnce } from './settle.js';

/**
 * Connects and goes. It sends nothing and ends with a reset, so that neither side keeps the connection in TIME_WAIT.
 */
export const probeTcp: Probe = (target, signal) => {
  const refusal = outside(target);
  if (refusal) return Promise.resolve(refusal);
  return settleOnce(signal, (settle) => {
    settle.when = 'connecting';
    const socket = new Socket();
    socket.on('error', (error) => settle.fail(error));
    socket.on('connect', () => settle.done(passed('connected')));
    socket.connect({ host: target.ip, port: target.port });
    return { close: () => closeSocket(socket) };
  });
};
