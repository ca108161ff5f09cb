import { fork, type ChildProcess } from 'node:child_process';
import { createServer, type AddressInfo } from 'node:net';

/** What is probed, in a process of its own. */
export interface Listener {
  readonly port: number;
  readonly pid: number;
  stop(): void;
}

/** The child: accepts on all of loopback, answers HTTP to whoever asks. */
export function serve(): void {
  const server = createServer((socket) => {
    socket.on('error', () => undefined);
    socket.on('data', () => socket.end('HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n'));
  });
  server.listen({ port: 0, host: '0.0.0.0', backlog: 4096 }, () =>
    process.send?.((server.address() as AddressInfo).port),
  );
  process.on('disconnect', () => process.exit());
}

/** @param program this bench, which calls {@link serve} for `--serve` */
export async function startListener(program: string): Promise<Listener> {
  const child: ChildProcess = fork(program, ['--serve']);
  const port = await new Promise<number>((resolve, reject) => {
    child.once('message', (message) => resolve(Number(message)));
    child.once('exit', (code) => reject(new Error(`the listener ended with status ${code ?? 'none'}`)));
  });
  return { port, pid: child.pid ?? 0, stop: () => child.disconnect() };
}
