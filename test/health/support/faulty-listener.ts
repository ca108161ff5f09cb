import { createServer, type AddressInfo, type Socket } from 'node:net';

/** What a listener does to a connection. */
export type Behaviour = (socket: Socket, request: Promise<string>) => void;

export interface Listener {
  readonly port: number;
  /** Resolves when the first connection is there. */
  readonly connected: Promise<void>;
  /** Resolves when every connection is gone: a probe that left one open makes it wait forever. */
  close(): Promise<void>;
}

/** A TCP listener on loopback that treats every connection in one way. */
export async function listen(behave: Behaviour): Promise<Listener> {
  let seen: () => void = () => undefined;
  const connected = new Promise<void>((resolve) => (seen = resolve));
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    // The probe resets its connections.
    socket.on('error', () => undefined);
    socket.on('end', () => socket.end());
    const request = new Promise<string>((resolve) => {
      let text = '';
      socket.on('data', (piece: Buffer) => {
        text += piece.toString('latin1');
        if (text.includes('\r\n\r\n')) resolve(text);
      });
    });
    behave(socket, request);
    seen();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    port: (server.address() as AddressInfo).port,
    connected,
    close: () => new Promise((resolve) => server.close(() => resolve())),
  };
}

export const hang: Behaviour = () => undefined;
export const halfClose: Behaviour = (socket) => void socket.end();
export const reset: Behaviour = (socket) => void socket.resetAndDestroy();

/** Says the same to every client who has asked. */
export const answer =
  (text: string): Behaviour =>
  (socket, request) =>
    void request.then(() => socket.end(text, 'latin1'));

/** Answers in pieces of one byte, each in a turn of its own. */
export const dribble =
  (text: string): Behaviour =>
  (socket, request) =>
    void request.then(() => {
      let at = 0;
      const next = (): void => {
        if (socket.destroyed) return;
        if (at === text.length) socket.end();
        else socket.write(text.charAt(at++), 'latin1', () => setImmediate(next));
      };
      next();
    });

/** Begins an answer and never goes on. */
export const stall =
  (text: string): Behaviour =>
  (socket, request) =>
    void request.then(() => socket.write(text, 'latin1'));

/** Never ends. */
export const endless =
  (start: string, piece: string): Behaviour =>
  (socket, request) =>
    void request.then(() => {
      socket.write(start, 'latin1');
      const next = (): void => {
        if (!socket.destroyed) socket.write(piece, 'latin1', () => setImmediate(next));
      };
      next();
    });
