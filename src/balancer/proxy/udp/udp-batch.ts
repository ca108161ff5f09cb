import type { Socket } from 'node:dgram';
import { DatagramBatch } from '../../../linux/datagram-batch.js';
import { loadLibc, type Libc } from '../../../linux/libc.js';
import { SOCKADDR, SOCKADDR_IN_SIZE, SOCKADDR_SIZE } from '../../../linux/sockaddr.js';
import { leaveToOthers, openUdpSocket, type UdpSocketOptions } from '../../../linux/udp-socket.js';
import type { HostPort } from '../../../net/ip.js';
import { asError } from '../../../net/error-message.js';
import { addressPlace } from './udp-flow-key.js';
import { UdpReplies } from './udp-replies.js';

/** The most datagrams per batch. */
const CAPACITY = 64;
/** The longest IPv4 datagram has 65,507 bytes. Only pages that are written take memory. */
const ROOM = 65_536;

/**
 * Reads datagrams from one socket and sends them through another without copying, by recvmmsg(2) and sendmmsg(2). Many
 * datagrams then cost two system calls. Node reports that a socket is readable and reads the first datagram; this class
 * reads those queued behind it. IPv4 only. One batch serves the whole thread, because its contents never outlive a
 * call.
 */
export class UdpBatch {
  readonly replies: UdpReplies;
  readonly #libc: Libc;
  readonly #batch: DatagramBatch;

  constructor(libc: Libc) {
    this.#libc = libc;
    this.#batch = new DatagramBatch(libc, CAPACITY, ROOM);
    this.replies = new UdpReplies(new DatagramBatch(libc, CAPACITY, ROOM));
  }

  /**
   * Binds a socket so that its descriptor is known. The socket itself closes the descriptor.
   * @throws SystemCallError, with its `code`
   */
  bind(socket: Socket, address: HostPort, options: UdpSocketOptions = {}): number {
    const opened = openUdpSocket(this.#libc, address, options);
    try {
      socket.bind({ fd: opened.fd });
    } catch (error) {
      opened.close();
      throw error;
    }
    return opened.fd;
  }

  /**
   * Makes sure that nothing has an address.
   * @throws SystemCallError, with its `code`
   */
  probe(address: HostPort): void {
    openUdpSocket(this.#libc, address).close();
  }

  /** Has the kernel give new datagrams to the other sockets that share the address. */
  leaveToOthers(fd: number, address: HostPort): void {
    leaveToOthers(this.#libc, fd, address);
  }

  /** @returns how many were read into places 0, 1, 2..., or the error of the socket */
  receive(fd: number): number | Error {
    this.#batch.reset(CAPACITY, SOCKADDR_SIZE);
    try {
      return this.#batch.receive(fd, false);
    } catch (error) {
      return asError(error);
    }
  }

  length(place: number): number {
    return this.#batch.lengthAt(place);
  }

  /** The peer's address and port as one number, equal to the `flowKey` of their texts. */
  peer(place: number): number {
    const { octets } = this.#batch;
    const at = this.#batch.nameAt(place);
    const ip = at + SOCKADDR.ip4;
    const high = (octets[ip] ?? 0) * 256 + (octets[ip + 1] ?? 0);
    const low = (octets[ip + 2] ?? 0) * 256 + (octets[ip + 3] ?? 0);
    return (high * 65_536 + low) * 65_536 + this.peerPort(place);
  }

  peerPort(place: number): number {
    const at = this.#batch.nameAt(place) + SOCKADDR.port;
    return (this.#batch.octets[at] ?? 0) * 256 + (this.#batch.octets[at + 1] ?? 0);
  }

  peerAddress(place: number): string {
    const at = this.#batch.nameAt(place) + SOCKADDR.ip4;
    return this.#batch.octets.subarray(at, at + 4).join('.');
  }

  /** A copy that outlives the batch. */
  copy(place: number): Buffer {
    const at = this.#batch.datagramAt(place);
    return Buffer.from(this.#batch.octets.subarray(at, at + this.#batch.lengthAt(place)));
  }

  /** Prepares the first `count` places for sending by a connected socket. @returns their size in bytes */
  forConnected(count: number): number {
    return this.#prepare(count, 0);
  }

  /** Prepares the first `count` places for sending to a peer. @param key its `flowKey` @returns their size in bytes */
  forPeer(count: number, key: number): number {
    for (let place = 0; place < count; place++) addressPlace(this.#batch, place, key);
    return this.#prepare(count, SOCKADDR_IN_SIZE);
  }

  /**
   * Sends prepared places.
   * @returns the error if the kernel accepted none; datagrams that it does not accept are lost, as datagrams may be
   */
  send(fd: number, first: number, count: number): Error | undefined {
    for (let sent = 0; sent < count;) {
      const took = this.#batch.send(fd, first + sent, count - sent);
      if (took > 0) sent += took;
      else if (sent === 0) return this.#batch.sendError();
      else return undefined;
    }
    return undefined;
  }

  #prepare(count: number, nameLength: number): number {
    let octets = 0;
    for (let place = 0; place < count; place++) {
      const length = this.#batch.lengthAt(place);
      this.#batch.setPlace(place, nameLength, length);
      octets += length;
    }
    return octets;
  }
}

let loading: Promise<UdpBatch | undefined> | undefined;

/** The batch of this thread. Undefined if system calls are not available. */
export function loadUdpBatch(): Promise<UdpBatch | undefined> {
  loading ??= loadLibc().then((libc) => ('unavailable' in libc ? undefined : new UdpBatch(libc)));
  return loading;
}
