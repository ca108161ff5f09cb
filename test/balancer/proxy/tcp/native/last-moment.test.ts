import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { describe, expect, it } from 'vitest';
import { createProxyPlane } from '../../../../../src/balancer/proxy/proxy-plane.js';
import { backend, echo, startPeer, tcpService } from '../../peer.js';
import { NATIVE, tcpScript } from '../tcp-implementations.js';
import { ownPort } from '../../../../support/own-port.js';

/** In a thread of its own, so that connections come while the plane's thread is at work. */
const CLIENTS = `
  const { connect } = require('node:net');
  const { parentPort, workerData: { host, port, clients } } = require('node:worker_threads');
  const seen = { answered: 0, reset: 0, refused: 0 };
  let isOver = false;
  const open = new Set();
  /** Connects, sends one byte, and waits until it comes back. */
  function visit() {
    if (isOver) return;
    let isConnected = false;
    const socket = connect({ host, port });
    open.add(socket);
    socket.once('connect', () => { isConnected = true; socket.write('x'); });
    socket.once('data', () => {
      if (++seen.answered === clients + 1) parentPort.postMessage('busy');
      socket.resetAndDestroy();
    });
    socket.on('error', () => { seen[isConnected ? 'reset' : 'refused']++; });
    socket.on('close', () => { open.delete(socket); setImmediate(visit); });
  }
  for (let count = 0; count < clients; count++) visit();
  parentPort.once('message', () => {
    isOver = true;
    for (const socket of open) socket.destroy();
    parentPort.postMessage(seen);
    parentPort.close();
  });
`;

interface Seen {
  readonly answered: number;
  readonly reset: number;
}

/** What a thread said last before it ended. */
async function lastMessage(thread: Worker): Promise<Seen> {
  let last: unknown;
  thread.on('message', (message: unknown) => (last = message));
  await once(thread, 'exit');
  return last as Seen;
}

describe.skipIf(NATIVE.length === 0)('clients that arrive while the plane drains', () => {
  it('are served or never connected: no admitted client is reset', async () => {
    const peer = await startPeer(echo);
    let reset = 0;
    for (let host = 1; host <= 5; host++) {
      const vip = { ip: `127.92.0.${host}`, port: ownPort };
      const plane = createProxyPlane({ native: { script: tcpScript() } });
      await plane.apply([tcpService(vip, [backend('a', peer.address)])]);
      const workerData = { host: vip.ip, port: vip.port, clients: 32 };
      const clients = new Worker(CLIENTS, { eval: true, workerData });
      await once(clients, 'message');
      await plane.drain();
      clients.postMessage('enough');
      const seen = await lastMessage(clients);
      await plane.close();
      expect(seen.answered).toBeGreaterThan(32);
      reset += seen.reset;
    }
    await peer.close();
    expect(reset).toBe(0);
  });
});
