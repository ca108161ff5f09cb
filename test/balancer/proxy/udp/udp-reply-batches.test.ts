import { createSocket, type Socket } from 'node:dgram';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { loadUdpBatch, type UdpBatch } from '../../../../src/balancer/proxy/udp/udp-batch.js';
import { flowKey } from '../../../../src/balancer/proxy/udp/udp-flow-key.js';
import { UdpReplies } from '../../../../src/balancer/proxy/udp/udp-replies.js';
import { DatagramBatch } from '../../../../src/linux/datagram-batch.js';
import { loadLibc, type Libc } from '../../../../src/linux/libc.js';
import { echo, setUpUdp, task, type Peer } from './udp-setup.js';

const numberKey = (ip: string, port: number): number => Number(flowKey(ip, port));

describe('replies to several clients in one turn of the event loop', () => {
  const { peer, serve } = setUpUdp(87);
  let libc: Libc;
  let batch: UdpBatch;
  let replies: UdpReplies;
  let socket: Socket;
  let fd: number;

  beforeAll(async () => {
    const [calls, loaded] = [await loadLibc(), await loadUdpBatch()];
    if ('unavailable' in calls || !loaded) throw new Error('these tests need the C library');
    [libc, batch] = [calls, loaded];
    socket = createSocket('udp4');
    fd = batch.bind(socket, { ip: '127.87.9.1', port: 0 });
  });
  beforeEach(() => {
    replies = new UdpReplies(new DatagramBatch(libc, 64, 1024));
  });
  afterAll(() => {
    socket.close();
  });

  const keyOf = ({ address }: Peer) => numberKey(address.ip, address.port);
  /** The text that a peer gets next. */
  const heard = async (each: Peer) => (await each.next()).datagram.toString();

  it('leave at the end of the turn, each to its client', async () => {
    const clients = await Promise.all(Array.from({ length: 150 }, () => peer('127.87.2.1')));
    const taken = clients.map((each, at) => replies.take(fd, keyOf(each), Buffer.from(`reply ${at}`)));
    expect(taken).toEqual(clients.map(() => true));
    expect(await Promise.all(clients.map(heard))).toEqual(clients.map((_, at) => `reply ${at}`));
  });

  it('are sent by their caller while they come singly', async () => {
    const one = await peer('127.87.2.1');
    const turn = () => new Promise((resolve) => setImmediate(resolve));
    const taken: boolean[] = [];
    for (let nth = 0; nth < 12; nth++) {
      taken.push(replies.take(fd, keyOf(one), Buffer.from('single')));
      await turn();
    }
    expect(taken).toEqual([true, false, true, false, false, false, true, ...Array<boolean>(5).fill(false)]);
    for (const wasTaken of taken) if (wasTaken) expect(await heard(one)).toBe('single');
    // Until two come in one turn again.
    while (!replies.take(fd, keyOf(one), Buffer.from('one'))) await turn();
    expect(replies.take(fd, keyOf(one), Buffer.from('two'))).toBe(true);
    await turn();
    expect(replies.take(fd, keyOf(one), Buffer.from('three'))).toBe(true);
    expect([await heard(one), await heard(one), await heard(one)]).toEqual(['one', 'two', 'three']);
  });

  it('are not lost when the kernel refuses one of them', async () => {
    const [one, two] = [await peer('127.87.2.1'), await peer('127.87.2.2')];
    replies.take(fd, keyOf(one), Buffer.from('first'));
    // Nobody may send to a broadcast address without asking for it.
    replies.take(fd, numberKey('255.255.255.255', 9), Buffer.from('refused'));
    replies.take(fd, keyOf(two), Buffer.from('last'));
    expect(await heard(one)).toBe('first');
    expect(await heard(two)).toBe('last');
  });

  it('leave through the socket that each was taken for', async () => {
    const other = createSocket('udp4');
    const otherFd = batch.bind(other, { ip: '127.87.9.2', port: 0 });
    const one = await peer('127.87.2.1');
    replies.take(fd, keyOf(one), Buffer.from('a'));
    replies.take(otherFd, keyOf(one), Buffer.from('b'));
    replies.take(fd, keyOf(one), Buffer.from('c'));
    const got = [await one.next(), await one.next(), await one.next()];
    expect(got.map(({ datagram, from }) => `${datagram.toString()} ${from.address}`).sort()).toEqual([
      'a 127.87.9.1',
      'b 127.87.9.2',
      'c 127.87.9.1',
    ]);
    other.close();
  });

  it('leave at once when they are flushed, as before a socket is closed', async () => {
    const one = await peer('127.87.2.1');
    replies.take(fd, keyOf(one), Buffer.from('in time'));
    replies.flush();
    expect(await heard(one)).toBe('in time');
  });

  it('reach 200 clients of a virtual IP that ask at once, again and again', async () => {
    const served = await serve([task('a', (await peer('127.87.1.1', echo)).address)]);
    const clients = await Promise.all(Array.from({ length: 200 }, () => peer('127.87.2.1')));
    for (let round = 0; round < 5; round++) {
      clients.forEach((each, at) => each.send(`${round} of ${at}`, served.vip));
      expect(await Promise.all(clients.map(heard))).toEqual(clients.map((_, at) => `${round} of ${at}`));
    }
    const { bytesIn, bytesOut } = served.frontend.counters();
    expect(bytesOut).toBe(bytesIn);
  });
});
