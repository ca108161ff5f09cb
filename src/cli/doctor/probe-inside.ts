import { spawn } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { formatHostPort, ipFamily, parseHostPort, type HostPort } from '../../net/ip.js';
import type { InsideFacts, Vantage } from './host-facts.js';
import { probeReplies } from './probe-firewall.js';

export interface InsideTargets {
  /** DNS listeners. */
  readonly listeners: readonly HostPort[];
  /** One of the virtual IPs that are carried, if there is one. */
  readonly vip?: HostPort;
}

/** A guard against a command that hangs. A busy host may need seconds to start a program. */
const PATIENCE_MS = 20_000;

/**
 * Checks this host from inside a container, through the container's routes and the rules of the host's firewall for
 * bridges. Sends a real query to each DNS listener, and opens a real connection to a virtual IP.
 * @param enter the command that enters a network namespace and runs the rest of its line there
 * @returns never rejects
 */
export async function probeInside(
  vantage: Vantage,
  { listeners, vip }: InsideTargets,
  enter: (pid: number) => readonly string[] = nsenter,
): Promise<InsideFacts> {
  const { container, network, bridge, pid, ip } = vantage;
  const replies = ip === undefined ? undefined : await probeReplies(ip);
  const about = { container, network, bridge, ...(replies !== undefined && { replies }) };
  const queries = listeners.map(({ ip, port }) => ({ kind: 'dns', ip, port, family: ipFamily(ip) }));
  const connections = vip ? [{ kind: 'tcp', ip: vip.ip, port: vip.port, family: ipFamily(vip.ip) }] : [];
  const asked = JSON.stringify({ targets: [...queries, ...connections], id: randomInt(0x10000) });
  const line = [...enter(pid), process.execPath, '-e', PROGRAM, asked];
  const ran = await run(line[0] ?? process.execPath, line.slice(1));
  if ('fault' in ran) return { ...about, fault: ran.fault };
  const results = resultsOf(ran.output);
  if (results.length !== queries.length + connections.length)
    return { ...about, fault: 'it answered nothing' };
  return {
    ...about,
    dns: listeners.map((address, at) => ({ address: formatHostPort(address), result: results[at] ?? '' })),
    ...(vip && { vip: { address: formatHostPort(vip), result: results.at(-1) ?? '' } }),
  };
}

function nsenter(pid: number): readonly string[] {
  return ['nsenter', `--net=/proc/${pid}/ns/net`, '--'];
}

/**
 * Runs inside the namespace and prints a JSON list of results: `ok`, or why not. It can only use Node's own modules.
 */
const PROGRAM = `
const { targets, id } = JSON.parse(process.argv[1]);
const within = 1500;
const dns = ({ ip, port, family }) => new Promise((resolve) => {
  const socket = require('node:dgram').createSocket('udp' + family);
  const end = (result) => { clearTimeout(timer); try { socket.close(); } catch {} resolve(result); };
  const timer = setTimeout(() => end('no answer'), within);
  socket.on('error', (error) => end(error.code || error.message));
  socket.on('message', (reply) => reply.length >= 12 && reply.readUInt16BE(0) === id && end('ok'));
  const query = Buffer.alloc(17);
  query.writeUInt16BE(id, 0); query.writeUInt16BE(1, 4); query.writeUInt16BE(6, 13); query.writeUInt16BE(1, 15);
  socket.connect(port, ip, (error) => error ? end(error.code || error.message) : socket.send(query));
});
const tcp = ({ ip, port }) => new Promise((resolve) => {
  const socket = require('node:net').connect({ host: ip, port });
  const end = (result) => { clearTimeout(timer); socket.destroy(); resolve(result); };
  const timer = setTimeout(() => end('no answer'), within);
  socket.once('connect', () => end('ok'));
  socket.once('error', (error) => end(error.code || error.message));
});
Promise.all(targets.map((each) => (each.kind === 'dns' ? dns : tcp)(each))).then((all) => console.log(JSON.stringify(all)));
`;

function run(
  command: string,
  args: readonly string[],
): Promise<{ readonly output: string } | { readonly fault: string }> {
  return new Promise((resolve) => {
    const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'], timeout: PATIENCE_MS });
    let [output, errors] = ['', ''];
    child.stdout.setEncoding('utf8').on('data', (text: string) => (output += text));
    child.stderr.setEncoding('utf8').on('data', (text: string) => (errors += text));
    child.once('error', (error: NodeJS.ErrnoException) =>
      resolve({ fault: error.code === 'ENOENT' ? `the command ${command} is not installed` : error.message }),
    );
    child.once('close', (code) => {
      const [first = `${command} ended with ${code ?? 'a signal'}`] = errors
        .trim()
        .split('\n')
        .filter(Boolean);
      resolve(code === 0 ? { output } : { fault: first });
    });
  });
}

function resultsOf(output: string): readonly string[] {
  try {
    const found: unknown = JSON.parse(output);
    return Array.isArray(found) ? found.map(String) : [];
  } catch {
    return [];
  }
}

/** The first port that is carried over TCP, as `ip:port`. */
export function vipToTry(carried: readonly string[]): HostPort | undefined {
  return carried.map((text) => parseHostPort(text, -1)).find((each) => each !== undefined && each.port > 0);
}
