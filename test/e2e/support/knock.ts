import type { Vantage } from './dig.js';

export interface Knock {
  /** An error code, `answer`, or `timeout`. */
  readonly said: string;
  readonly ms: number;
  readonly body: string;
}

const PROGRAM = `
const [ip, port] = process.argv.slice(1);
const begun = Date.now();
const end = (said, body = '') => {
  console.log(JSON.stringify({ said, body, ms: Date.now() - begun }));
  process.exit();
};
const options = { host: ip, port: Number(port), agent: false };
require('node:http').get(options, (response) => {
  let body = '';
  response.on('data', (chunk) => (body += chunk)).on('end', () => end('answer', body));
}).on('error', ({ code }) => end(code));
setTimeout(() => end('timeout'), 5000);
`;

const DATAGRAM = `
const [ip, port] = process.argv.slice(1);
const socket = require('node:dgram').createSocket(ip.includes(':') ? 'udp6' : 'udp4');
const end = (said) => {
  console.log(said);
  process.exit();
};
socket.on('error', ({ code }) => end(code)).on('message', () => end('answer'));
socket.connect(Number(port), ip, () => socket.send('x'));
setTimeout(() => end('timeout'), 2000);
`;

/** Sends a datagram from there. @returns an error code, `answer`, or `timeout` */
export async function knockUdp(from: Vantage, ip: string, port: number): Promise<string> {
  const { stdout } = await from.run(process.execPath, ['--eval', DATAGRAM, ip, String(port)]);
  return stdout.trim();
}

/** Makes an HTTP request from there. */
export async function knock(from: Vantage, ip: string, port: number): Promise<Knock> {
  const { stdout } = await from.run(process.execPath, ['--eval', PROGRAM, ip, String(port)]);
  return JSON.parse(stdout) as Knock;
}
