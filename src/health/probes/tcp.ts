import { closeSocket } from './close-socket.js';
import { openSocket } from './open-socket.js';
import { outside, passed, type Probe } from './probe.js';
import { settleOnce } from './settle.js';

/**
 * Connects, sends only the PROXY header that the task expects, and ends with a reset, so that neither side keeps the
 * connection in TIME_WAIT.
 */
export const probeTcp: Probe = (target, signal) => {
  const refusal = outside(target);
  if (refusal) return Promise.resolve(refusal);
  return settleOnce(signal, (settle) => {
    settle.when = 'connecting';
    const socket = openSocket(target);
    socket.on('error', (error) => settle.fail(error));
    socket.on('connect', () => settle.done(passed('connected')));
    return { close: () => closeSocket(socket) };
  });
};
