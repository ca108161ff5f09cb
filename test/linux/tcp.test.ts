import { connect, createServer, type AddressInfo } from 'node:net';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { Epoll, EPOLL } from '../../src/linux/epoll.js';
import { EventFd } from '../../src/linux/event-fd.js';
import { loadLibc, type Libc } from '../../src/linux/libc.js';
import { TcpCalls } from '../../src/linux/tcp-calls.js';
import { openTcpListener } from '../../src/linux/tcp-listener.js';
import { ownPort } from '../support/own-port.js';

const loaded = await loadLibc();

/** One option of a socket, as a number. */
function option(libc: Libc, fd: number, level: number, name: number): number {
  const memory = new Int32Array(new ArrayBuffer(8));
  memory[1] = 4;
  const at = libc.address(memory.buffer);
  expect(libc.getsockopt(fd, level, name, at, at + 4)).toBe(0);
  return memory[0] ?? -1;
}

/** proc_net_tcp(5) */
const [ESTABLISHED, SYN_SENT, TIME_WAIT] = ['01', '02', '06'];

/** The states of connections to a port of 127.0.0.1, as their clients see them. The port may have been another test's. */
function clientStates(port: number): readonly string[] {
  const remote = `0100007F:${port.toString(16).toUpperCase().padStart(4, '0')}`;
  const rows = readFileSync('/proc/net/tcp', 'utf8')
    .split('\n')
    .map((row) => row.trim().split(/\s+/));
  return rows
    .filter((row) => row[2] === remote)
    .map((row) => row[3] ?? '')
    .filter((state) => state !== TIME_WAIT)
    .sort();
}

async function soon(attempt: () => number): Promise<number> {
  for (;;) {
    const result = attempt();
    if (result !== -11) return result;
    await sleep(1);
  }
}

describe.skipIf('unavailable' in loaded)('TCP by system calls', () => {
  const libc = loaded as Libc;
  const calls = new TcpCalls(libc);

  it.each(['127.0.0.1', '::1'])(
    'listens at %s, and accepts connections without delay that know their peer',
    async (ip) => {
      const listener = openTcpListener(libc, { ip, port: 0 }, 10);
      const client = connect(listener.address.port, ip);
      await once(client, 'connect');
      const fd = calls.accept(listener.fd);
      const from = calls.acceptedFrom();
      expect({ ip: from.ip, port: from.port }).toEqual({ ip, port: client.localPort });
      const [IPPROTO_TCP, TCP_NODELAY] = [6, 1];
      expect(option(libc, fd, IPPROTO_TCP, TCP_NODELAY)).toBe(1);
      expect(calls.wouldBlock(calls.receive(fd))).toBe(true);
      client.end('hello');
      expect(await soon(() => calls.receive(fd))).toBe(5);
      expect(Buffer.from(calls.buffer.subarray(0, 5)).toString()).toBe('hello');
      expect(await soon(() => calls.receive(fd))).toBe(0);
      calls.abort(fd);
      calls.close(fd);
      const [error] = (await once(client, 'error')) as [NodeJS.ErrnoException];
      expect(error.code).toBe('ECONNRESET');
      listener.close();
      listener.close();
    },
  );

  it('stops accepting new connections on request, and completes those that have begun', async () => {
    const listener = openTcpListener(libc, { ip: '127.0.0.1', port: 0 }, 10);
    const { port } = listener.address;
    const before = connect(port, '127.0.0.1');
    await once(before, 'connect');
    listener.refuseNew();
    const late = connect(port, '127.0.0.1');
    await soon(() => (clientStates(port).includes(SYN_SENT) ? 0 : -11));
    expect(clientStates(port)).toEqual([ESTABLISHED, SYN_SENT]);
    before.end('said before');
    const fd = calls.accept(listener.fd);
    expect(await soon(() => calls.receive(fd))).toBe(11);
    expect(await soon(() => calls.receive(fd))).toBe(0);
    expect(calls.wouldBlock(calls.accept(listener.fd))).toBe(true);
    calls.close(fd);
    listener.close();
    listener.refuseNew();
    late.destroy();
  });

  it('refuses connections while it is suspended, and keeps its address', async () => {
    const port = ownPort;
    const listener = openTcpListener(libc, { ip: '127.100.0.1', port }, 10, { reusePort: true });
    const dial = async () => {
      const client = connect(port, '127.100.0.1');
      const outcome = await new Promise<string>((resolve) => {
        client.once('connect', () => resolve('connected'));
        client.once('error', ({ code = '' }: NodeJS.ErrnoException) => resolve(code));
      });
      client.destroy();
      return outcome;
    };
    expect(await dial()).toBe('connected');
    for (let round = 0; round < 3; round++) {
      listener.suspend();
      listener.suspend();
      expect(await dial()).toBe('ECONNREFUSED');
      expect(calls.errorName(calls.accept(listener.fd))).toBe('EINVAL');
      expect(() => openTcpListener(libc, listener.address, 10)).toThrow(
        expect.objectContaining({ code: 'EADDRINUSE' }) as Error,
      );
      listener.resume();
      expect(await dial()).toBe('connected');
    }
    listener.close();
    listener.suspend();
    listener.resume();
  });

  it('names the error of an address that is taken, or not local', () => {
    const listener = openTcpListener(libc, { ip: '127.0.0.1', port: 0 }, 10);
    expect(() => openTcpListener(libc, listener.address, 10)).toThrow(
      expect.objectContaining({ code: 'EADDRINUSE', syscall: 'bind' }) as Error,
    );
    expect(() => openTcpListener(libc, { ip: '192.0.2.1', port: 0 }, 10)).toThrow(
      expect.objectContaining({ code: 'EADDRNOTAVAIL' }) as Error,
    );
    listener.close();
  });

  it('connects, reports why it cannot, and moves bytes through a pipe', async () => {
    const server = createServer((socket) => void socket.pipe(socket));
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    const fd = calls.dial(calls.target({ ip: '127.0.0.1', port }));
    calls.buffer.set(Buffer.from('splice'));
    expect(await soon(() => calls.send(fd, 6))).toBe(6);
    const pipe = calls.openPipe();
    if (typeof pipe === 'number') throw new Error(calls.errorName(pipe));
    pipe.held = await soon(() => calls.spliceIn(fd, pipe));
    expect(pipe.held).toBe(6);
    expect(calls.spliceOut(pipe, fd)).toBe(6);
    expect(await soon(() => calls.receive(fd))).toBe(6);
    expect(Buffer.from(calls.buffer.subarray(0, 6)).toString()).toBe('splice');
    for (const each of [fd, pipe.reader, pipe.writer]) calls.close(each);
    const closed = once(server, 'close');
    server.close();
    await closed;
    const refused = calls.dial(calls.target({ ip: '127.0.0.1', port }));
    expect(calls.errorName(calls.pendingError(refused))).toBe('ECONNREFUSED');
    calls.close(refused);
  });

  it('a rung eventfd wakes the waiting thread, until it is cleared', () => {
    const bell = new EventFd(libc);
    const epoll = new Epoll(libc, 4);
    expect(epoll.add(bell.fd, EPOLL.IN, 7)).toBe(true);
    expect(epoll.wait(0)).toBe(0);
    new EventFd(libc, bell.fd).ring();
    expect(epoll.wait(1000)).toBe(1);
    expect([epoll.fdAt(0), epoll.tagAt(0), epoll.eventsAt(0)]).toEqual([bell.fd, 7, EPOLL.IN]);
    bell.clear();
    expect(epoll.wait(0)).toBe(0);
    expect(() => epoll.add(1 << 20, EPOLL.IN, 1)).toThrow(/^epoll_ctl EBADF$/);
    epoll.close();
    bell.close();
  });
});
