import { connect } from 'node:net';
import { frame, FrameBuffer } from '../../src/wire/tcp-frames.js';
import type { HostPort } from '../../src/net/ip.js';

/** Asks over a connection of its own. @returns undefined when it is closed without a reply */
export function askTcp(server: HostPort, query: Uint8Array, from = '127.0.0.1'): Promise<Buffer | undefined> {
  return new Promise((resolve) => {
    const frames = new FrameBuffer();
    const socket = connect({ host: server.ip, port: server.port, localAddress: from, noDelay: true });
    const settle = (reply: Buffer | undefined) => {
      socket.destroy();
      resolve(reply);
    };
    socket.on('error', () => settle(undefined));
    socket.on('close', () => settle(undefined));
    socket.on('connect', () => socket.write(frame(query)));
    socket.on('data', (chunk) => {
      frames.push(chunk);
      const reply = frames.next();
      if (reply) settle(reply);
    });
  });
}
