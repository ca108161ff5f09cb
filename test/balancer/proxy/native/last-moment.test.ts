import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import { describe, expect, it } from 'vitest';
import { createProxyPlane } from '../../../../src/balancer/proxy/proxy-plane.js';
import { backend, echo, startPeer, tcpService } from '../peer.js';
import { NATIVE, tcpScript } from '../tcp-implementations.js';

/** In a thread of its own, so that connections come while the plane's thread is at work. */
const CLIENTS = `
  const { connect } = require('node:net');
  const { parentPort, workerData: { host, port, clients } } = require('node:worker_threads');
  const seen = { answered: 0, reset: 0, refused: 0 };
  let isOver = false;
  const open = new Set();
  /** Connects, says one octet, and waits until it comes back. */
  function visit() {
    if (isOver) return;
    let isConnected = false;
    const socket = connect({ host, port });
    open.add(socket);
    socket.once('connect', () => { isConnected = true; socket.write('x'); });
    socket.once('data', () => { seen.answered++; socket.resetAndDestroy(); });
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

describe.skipIf(NATIVE.length === 0)('clients that come while the plane drains', () => {
  it('are served or never connected: nobody is reset who was let in', async () => {
    const peer = await startPeer(echo);
    let reset = 0;
    for (let host = 1; host <= 5; host++) {
      const vip = { ip: `127.92.0.${host}`, port: 8080 };
      const plane = createProxyPlane({ native: { script: tcpScript() } });
      await plane.apply([tcpService(vip, [backend('a', peer.address)])]);
      const workerData = { host: vip.ip, port: vip.port, clients: 32 };
      const clients = new Worker(CLIENTS, { eval: true, workerData });
      await once(clients, 'online');
      await sleep(150);
      await plane.drain();
      // A thread that has ended already tells both in one turn of the event loop.
      const ended = once(clients, 'exit');
      clients.postMessage('enough');
      const [seen] = (await once(clients, 'message')) as [Seen];
      await ended;
      await plane.close();
      expect(seen.answered).toBeGreaterThan(32);
      reset += seen.reset;
    }
    await peer.close();
    expect(reset).toBe(0);
  });
});
