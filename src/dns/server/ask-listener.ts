import { randomInt } from 'node:crypto';
import { createSocket } from 'node:dgram';
import { ipFamily, type HostPort } from '../../net/ip.js';
import { readU16 } from '../../wire/bytes.js';
import { CLASS, FLAG, HEADER_SIZE, TYPE } from '../../wire/constants.js';
import type { DnsName } from '../../wire/name.js';
import { encodeQuery } from '../../wire/query-message.js';

/**
 * Queries a listener over UDP as a client would. Only a reply proves that the listener works.
 * @param name a name of our own, which needs no upstream
 * @param timeout in ms
 * @returns why there was no reply; undefined when there was one
 */
export function askListener(
  { ip, port }: HostPort,
  name: DnsName,
  timeout: number,
): Promise<string | undefined> {
  const id = randomInt(1, 65_536);
  const query = encodeQuery({ id, question: { name, type: TYPE.SOA, class: CLASS.IN } });
  return new Promise((resolve) => {
    const socket = createSocket(ipFamily(ip) === 4 ? 'udp4' : 'udp6');
    const settle = (fault?: string): void => {
      clearTimeout(timer);
      socket.removeAllListeners();
      socket.on('error', () => undefined);
      socket.close();
      resolve(fault);
    };
    const timer = setTimeout(() => settle(`no reply within ${timeout} ms`), timeout);
    socket.on('error', (error) => settle(error.message));
    socket.on('message', (reply) => {
      if (reply.length >= HEADER_SIZE && readU16(reply, 0) === id && (readU16(reply, 2) & FLAG.QR) !== 0)
        settle();
    });
    socket.send(query, port, ip, (error) => {
      if (error) settle(error.message);
    });
  });
}
