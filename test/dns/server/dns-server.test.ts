import { createSocket, type Socket as UdpSocket } from 'node:dgram';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { createDnsServer, type DnsServer } from '../../../src/dns/server/dns-server.js';
import { listenError } from '../../../src/dns/server/listen-error.js';
import { createResponder } from '../../../src/dns/server/responder.js';
import { TCP_LIMITS, type TcpLimits } from '../../../src/dns/server/tcp-limits.js';
import { EDNS_OPTION, RCODE } from '../../../src/wire/constants.js';
import { frame, FrameBuffer } from '../../../src/wire/tcp-frames.js';
import { labelsOf } from '../../../src/wire/name.js';
import { a, decoded, hex, query } from '../../wire/helpers.js';
import { stopsChanging, turns } from '../../support/turns.js';

const LOOPBACK = { ip: '127.0.0.1', port: 0 };

/** Answers 10.0.0.1; `slow.x` only when `release` is called; `drop.x` never; `bulk.x` with 60 KB. */
async function start(limits: Partial<TcpLimits> = {}, stopTime = 0) {
  const held: (() => void)[] = [];
  const own = { rcode: 0, aa: true, authority: [] };
  const bulk = Array.from({ length: 3700 }, (_, i) => a('bulk.x', `10.0.${i >> 8}.${i & 255}`));
  const responder = createResponder({
    resolver: {
      resolve({ labels }) {
        if (labels[0] === 'slow') return { kind: 'forward' };
        if (labels[0] === 'drop') return { kind: 'drop' };
        const answers = labels[0] === 'bulk' ? bulk : [a(labels.join('.'), '10.0.0.1')];
        return { kind: 'answer', ...own, answers };
      },
    },
    forwarder: {
      isLoop: () => false,
      exchange: () =>
        new Promise((resolve) => {
          held.push(() => resolve({ ok: false, rcode: RCODE.SERVFAIL, ede: { code: 0 } }));
        }),
    },
  });
  const server = createDnsServer({
    listen: [LOOPBACK],
    responder,
    log: { info: () => undefined },
    tcp: limits,
    stopTime,
  });
  await server.start();
  running.push(server);
  const port = server.addresses()[0]?.port ?? 0;
  return { server, port, held, responder };
}

const running: DnsServer[] = [];
const clients: (Socket | UdpSocket)[] = [];

afterEach(async () => {
  for (const client of clients.splice(0)) {
    if ('destroy' in client) client.destroy();
    else client.close();
  }
  await Promise.all(running.splice(0).map((server) => server.stop()));
});

/** A client that collects the replies of a connection. */
async function dial(port: number) {
  const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true });
  clients.push(socket);
  socket.on('error', () => undefined);
  const frames = new FrameBuffer();
  const replies: string[] = [];
  const options: string[] = [];
  const waiting: { count: number; resolve: () => void }[] = [];
  socket.on('data', (chunk) => {
    frames.push(chunk);
    for (let wire = frames.next(); wire; wire = frames.next()) {
      const message = decoded(wire);
      for (const { code, data } of message.edns?.options ?? []) options.push(`${code}:${hex(data) ?? ''}`);
      replies.push(`${message.id} ${labelsOf(message.questions[0]?.name ?? wire.subarray(0, 0))[0] ?? ''}`);
    }
    for (const { count, resolve } of waiting) if (replies.length >= count) resolve();
  });
  const gone = new Promise<void>((resolve) => {
    socket.once('end', () => resolve());
    socket.once('close', () => resolve());
  });
  await once(socket, 'connect');
  return {
    socket,
    replies,
    /** EDNS options of the replies. */
    options,
    /** The server ended or reset the connection. */
    gone,
    received: (count: number) =>
      new Promise<void>((resolve) => {
        if (replies.length >= count) resolve();
        else waiting.push({ count, resolve });
      }),
  };
}

const ask = (qname: string, id = 1): Buffer => frame(query(qname, 1, { id }));

describe('UDP', () => {
  it('answers from the address and port that the client asked', async () => {
    const { port } = await start();
    const socket = createSocket('udp4');
    clients.push(socket);
    socket.send(query('web.x', 1), port, '127.0.0.1');
    const [reply, from] = (await once(socket, 'message')) as [Buffer, { address: string; port: number }];
    expect([from.address, from.port, decoded(reply).answers.length]).toEqual(['127.0.0.1', port, 1]);
  });

  it('continues after garbage', async () => {
    const { port, responder } = await start();
    const socket = createSocket('udp4');
    clients.push(socket);
    for (const junk of [Buffer.alloc(0), Buffer.alloc(5), Buffer.alloc(2000, 0xff), query('drop.x', 1)]) {
      socket.send(junk, port, '127.0.0.1');
    }
    socket.send(query('web.x', 1, { id: 9 }), port, '127.0.0.1');
    const [reply] = (await once(socket, 'message')) as [Buffer];
    expect(decoded(reply).id).toBe(9);
    expect(responder.counters().dropped).toMatchObject({ short: 2, response: 1, policy: 1 });
  });
});

describe('TCP', () => {
  it('answers a query that arrives byte by byte, then another', async () => {
    const { port } = await start();
    const client = await dial(port);
    client.socket.setNoDelay(true);
    for (const octet of ask('web.x', 5)) {
      client.socket.write(Uint8Array.of(octet));
      await new Promise((resolve) => setImmediate(resolve));
    }
    await client.received(1);
    client.socket.write(ask('app.x', 6));
    await client.received(2);
    expect(client.replies).toEqual(['5 web', '6 app']);
  });

  it('lets no slow query delay the ones behind it', async () => {
    const { port, held } = await start();
    const client = await dial(port);
    client.socket.write(Buffer.concat([ask('slow.x', 1), ask('a.x', 2), ask('b.x', 2), ask('c.x', 4)]));
    await client.received(3);
    expect(client.replies).toEqual(['2 a', '2 b', '4 c']);
    held[0]?.();
    await client.received(4);
    expect(client.replies[3]).toBe('1 slow');
  });

  it('answers after the client ended its side, then ends', async () => {
    const { port, held } = await start();
    const client = await dial(port);
    client.socket.end(Buffer.concat([ask('slow.x', 1), ask('a.x', 2)]));
    await client.received(1);
    held[0]?.();
    await client.gone;
    expect(client.replies).toEqual(['2 a', '1 slow']);
  });

  it('reads no more queries than may be pending, and continues when one is answered', async () => {
    const { port, held } = await start({ inFlight: 2 });
    const client = await dial(port);
    client.socket.write(Buffer.concat([ask('slow.x', 1), ask('slow.x', 2), ask('slow.x', 3), ask('a.x', 4)]));
    await expect.poll(() => held.length).toBe(2);
    expect(client.replies).toEqual([]);
    held[0]?.();
    await client.received(1);
    await expect.poll(() => held.length).toBe(3);
    held[1]?.();
    await client.received(3);
    expect(client.replies).toEqual(['1 slow', '2 slow', '4 a']);
  });

  it('reads no more bytes than it can use from a flooding client', async () => {
    const { port, held } = await start({ inFlight: 2 });
    const client = await dial(port);
    client.socket.write(Buffer.concat([ask('slow.x', 1), ask('slow.x', 2)]));
    await expect.poll(() => held.length).toBe(2);
    const chunk = Buffer.alloc(64 * 1024, ask('a.x'));
    let left = 1000;
    const pump = (): void => {
      if (left-- > 0) client.socket.write(chunk, pump);
    };
    pump();
    await stopsChanging(() => left);
    expect(left).toBeGreaterThan(500);
  });

  it.each([
    ['a message of no octets', Buffer.from([0, 0])],
    ['a message shorter than a header', frame(Buffer.alloc(11))],
    ['a reply', frame(Buffer.from('123480000000000000000000', 'hex'))],
    ['a query that gets silence', ask('drop.x')],
  ])('closes after %s', async (_, bytes) => {
    const { port } = await start();
    const client = await dial(port);
    client.socket.write(bytes);
    await client.gone;
    expect(client.replies).toEqual([]);
  });

  it('answers FORMERR and keeps the connection', async () => {
    const { port } = await start();
    const client = await dial(port);
    client.socket.write(
      Buffer.concat([frame(Buffer.from('000101000001000000000000c00c00010001', 'hex')), ask('a.x', 2)]),
    );
    await client.received(2);
    expect(client.replies).toEqual(['1 ', '2 a']);
  });

  it.each([
    ['says nothing', { firstOctet: 30 }, Buffer.alloc(0)],
    ['never ends its message', { message: 30 }, Buffer.from([0xff, 0xff, 1])],
    ['says nothing more', { idle: 30 }, ask('a.x')],
  ])('closes the connection of a client that %s', async (_, limits, bytes) => {
    const { port, server } = await start(limits);
    const client = await dial(port);
    client.socket.write(bytes);
    await client.gone;
    await expect.poll(() => server.transportCounters().tcpConnections).toBe(0);
  });

  it('is not kept busy by a client that sends in tiny pieces', async () => {
    const { port, server } = await start({ message: 60 });
    const client = await dial(port);
    const drip = setInterval(() => client.socket.write(Uint8Array.of(1)), 5);
    await client.gone;
    clearInterval(drip);
    await expect.poll(() => server.transportCounters().tcpConnections).toBe(0);
  });

  it('closes the connection of a client that does not read', async () => {
    const { port, server, responder } = await start({ idle: 100, queries: 1_000_000 });
    const client = await dial(port);
    client.socket.pause();
    for (let i = 0; i < 2000; i++) client.socket.write(ask('bulk.x'));
    await expect.poll(() => server.transportCounters().tcpConnections).toBe(0);
    // 2000 replies would be 120 MB; it stopped when the buffers were full.
    expect(responder.counters().packets.tcp).toBeLessThan(500);
  });

  it('limits the connections of one source', async () => {
    const { port, server } = await start({ connectionsPerSource: 2 });
    const first = await dial(port);
    await dial(port);
    const third = await dial(port);
    await third.gone;
    expect(server.transportCounters()).toMatchObject({ tcpConnections: 2, tcpRefused: 1 });
    first.socket.destroy();
    await expect.poll(() => server.transportCounters().tcpConnections).toBe(1);
    const fourth = await dial(port);
    fourth.socket.write(ask('a.x', 8));
    await fourth.received(1);
  });

  it('gives the place of an idle new connection to a new client, but never that of one that has asked', async () => {
    const { port, server } = await start({ connections: 2 });
    const asked = await dial(port);
    asked.socket.write(ask('a.x', 8));
    await asked.received(1);
    const silent = await dial(port);
    const newcomer = await dial(port);
    await silent.gone;
    newcomer.socket.write(ask('a.x', 9));
    await newcomer.received(1);
    const refused = await dial(port);
    await refused.gone;
    asked.socket.write(ask('a.x', 10));
    await asked.received(2);
    expect(server.transportCounters()).toMatchObject({ tcpConnections: 2, tcpRefused: 2 });
  });

  it('tells how long a connection may be idle, and shortens that when three quarters are in use', async () => {
    const { port } = await start({ connections: 5, idle: 60_000 });
    const keepalive = {
      dnssecOk: false,
      options: [{ code: EDNS_OPTION.TCP_KEEPALIVE, data: Buffer.alloc(0) }],
    };
    const told = async () => {
      const client = await dial(port);
      client.socket.write(frame(query('a.x', 1, { edns: keepalive })));
      await client.received(1);
      return client.options[0];
    };
    const times = [];
    for (let i = 0; i < 4; i++) times.push(await told());
    // 600 and 60 units of 100 ms.
    expect(times).toEqual(['11:0258', '11:0258', '11:0258', '11:003c']);
  });

  it('has default limits that are reasonable by RFC 7766 section 6.2', () => {
    expect(TCP_LIMITS).toEqual({
      firstOctet: 3000,
      message: 5000,
      idle: 10_000,
      connections: 1000,
      connectionsPerSource: 32,
      inFlight: 64,
      queries: 10_000,
      backlog: 65_536,
    });
  });

  it('ends a connection after its last query', async () => {
    const { port } = await start({ queries: 2 });
    const client = await dial(port);
    client.socket.write(Buffer.concat([ask('a.x', 1), ask('b.x', 2), ask('c.x', 3)]));
    await client.gone;
    expect(client.replies).toEqual(['1 a', '2 b']);
  });
});

describe('a server that stops', () => {
  /** More than a test may take: whatever waits for it fails. */
  const FOREVER = 3_600_000;

  it('sends a pending reply over UDP, and answers nothing new', async () => {
    const { port, server, held, responder } = await start({}, FOREVER);
    const socket = createSocket('udp4');
    clients.push(socket);
    const replies: number[] = [];
    socket.on('message', (reply) => replies.push(decoded(reply).id));
    socket.send(query('slow.x', 1, { id: 1 }), port, '127.0.0.1');
    await expect.poll(() => held.length).toBe(1);
    const stopped = server.stop();
    socket.send(query('a.x', 1, { id: 2 }), port, '127.0.0.1');
    await turns(20);
    held[0]?.();
    await stopped;
    await expect.poll(() => replies).toEqual([1]);
    expect(responder.counters().packets.udp).toBe(1);
  });

  it('sends pending replies over TCP, answers nothing new, and accepts no new client', async () => {
    const { port, server, held } = await start({}, FOREVER);
    const busy = await dial(port);
    const idle = await dial(port);
    busy.socket.write(Buffer.concat([ask('slow.x', 1), ask('slow.x', 2)]));
    await expect.poll(() => held.length).toBe(2);
    const stopped = server.stop();
    await idle.gone;
    busy.socket.write(ask('a.x', 3));
    await expect(dial(port)).rejects.toThrow('ECONNREFUSED');
    held[0]?.();
    await busy.received(1);
    held[1]?.();
    await stopped;
    await busy.gone;
    expect(busy.replies).toEqual(['1 slow', '2 slow']);
  });

  it('does not wait for anything that takes too long', async () => {
    const { port, server, held } = await start({}, 20);
    const client = await dial(port);
    client.socket.write(ask('slow.x', 1));
    const socket = createSocket('udp4');
    clients.push(socket);
    socket.send(query('slow.x', 1), port, '127.0.0.1');
    await expect.poll(() => held.length).toBe(2);
    await server.stop();
    await client.gone;
    for (const release of held) release();
    expect([client.replies, server.addresses()]).toEqual([[], []]);
    expect(server.transportCounters()).toMatchObject({ udpSendErrors: 0 });
  });

  it('closes connections that it has ended but their clients have not', async () => {
    const { port, server } = await start({ queries: 1, idle: FOREVER }, FOREVER);
    const client = await dial(port);
    client.socket.write(ask('a.x', 1));
    await client.gone;
    await server.stop();
    expect(server.transportCounters().tcpConnections).toBe(0);
  });
});

describe('createDnsServer', () => {
  const options = { responder: { respond: () => undefined }, log: { info: () => undefined } };

  it('gives UDP and TCP the same port, on every address', async () => {
    const server = createDnsServer({ ...options, listen: [LOOPBACK, { ip: '127.0.0.2', port: 0 }] });
    running.push(server);
    await server.start();
    expect(server.addresses().map(({ ip }) => ip)).toEqual(['127.0.0.1', '127.0.0.2']);
    expect(server.addresses().every(({ port }) => port > 0)).toBe(true);
  });

  it('binds all addresses or none, and says which one is taken', async () => {
    const { port } = await start();
    const taken = { ip: '127.0.0.1', port };
    const server = createDnsServer({ ...options, listen: [{ ip: '127.0.0.2', port }, taken] });
    await expect(server.start()).rejects.toThrow(
      new RegExp(`^cannot serve DNS on 127\\.0\\.0\\.1:${port}/tcp: the port is in use; .* dns\\.listen$`),
    );
    expect(server.addresses()).toEqual([]);
    // The address that it could have is free again.
    const again = createDnsServer({ ...options, listen: [{ ip: '127.0.0.2', port }] });
    running.push(again);
    await again.start();
  });

  it.each([
    ['EACCES', 'CAP_NET_BIND_SERVICE'],
    ['EADDRNOTAVAIL', 'ip address add 169.254.169.250 dev lo'],
    ['EADDRINUSE', 'ss -lunp sport = :53'],
    ['EBADF', 'EBADF'],
  ])('says what to do about %s', (code, advice) => {
    const cause = Object.assign(new Error(`bind ${code}`), { code });
    const { message } = listenError({ ip: '169.254.169.250', port: 53 }, 'udp', cause);
    expect(message).toMatch(/^cannot serve DNS on 169\.254\.169\.250:53\/udp: /);
    expect(message).toContain(advice);
    expect(message).not.toContain('\n');
  });
});
