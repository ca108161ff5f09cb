import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { promisify } from 'node:util';
import { canonicalIp } from '../net/ip.js';

const run = promisify(execFile);
/** 100,000 connections take about 20 MiB. */
const OPTIONS = { timeout: 10_000, maxBuffer: 256 << 20 };

/** A connection that the kernel leads from one address to another (conntrack(8)). */
export interface LedFlow {
  readonly protocol: 'tcp' | 'udp';
  /** Where the client sends to. */
  readonly vip: string;
  readonly port: number;
  /** Where the answers come from. */
  readonly task: string;
  readonly taskPort: number;
}

/** Why flows cannot be forgotten on this host, in one line. */
export async function conntrackFault(): Promise<string | undefined> {
  try {
    await run('conntrack', ['--count'], OPTIONS);
    return undefined;
  } catch (error) {
    const { code } = error as { code?: string | number };
    return code === 'ENOENT' ? 'the command conntrack is not installed' : `conntrack: ${firstLine(error)}`;
  }
}

/** The connections that are translated and not over. Empty where they cannot be read. */
export async function ledFlows(
  family: 'ip' | 'ip6',
  protocol?: LedFlow['protocol'],
): Promise<readonly LedFlow[]> {
  const args = ['--dump', '--family', family === 'ip' ? 'ipv4' : 'ipv6'];
  const only = protocol === undefined ? [] : ['--proto', protocol];
  try {
    return parseFlows((await run('conntrack', [...args, ...only], OPTIONS)).stdout);
  } catch {
    // Without the command: not every kernel has the file.
    const text = await readFile('/proc/net/nf_conntrack', 'utf8').catch(() => '');
    return parseFlows(text).filter((flow) => protocol === undefined || flow.protocol === protocol);
  }
}

/**
 * Has the kernel forget all flows from one port of a virtual IP to one task: their next datagrams are new ones.
 * Connections of TCP are forgotten only if they have not begun.
 * @param source of the clients, CIDR; absent: all
 */
export async function forgetFlows(
  { protocol, vip, port, task, taskPort }: LedFlow,
  source?: string,
): Promise<void> {
  const family = vip.includes(':') ? 'ipv6' : 'ipv4';
  const args = ['--delete', '--family', family, '--proto', protocol, '--orig-dst', vip];
  const more = ['--orig-port-dst', String(port), '--reply-src', task, '--reply-port-src', String(taskPort)];
  const only = [
    ...(protocol === 'tcp' ? ['--state', 'SYN_SENT'] : []),
    ...(source === undefined ? [] : ['--orig-src', source]),
  ];
  // It fails when none is left.
  await run('conntrack', [...args, ...more, ...only], OPTIONS).catch(() => undefined);
}

/** Reads the lines of /proc/net/nf_conntrack, or of `conntrack -L`. */
export function parseFlows(text: string): LedFlow[] {
  const tuple = String.raw`src=(\S+) dst=(\S+) sport=(\d+) dport=(\d+)`;
  const line = new RegExp(String.raw`\b(tcp|udp) +\d+ +\d+ (?:([A-Z_0-9]+) )?${tuple}.*?${tuple}`, 'g');
  return Array.from(text.matchAll(line), (match) => {
    const [, protocol, state, , vip = '', , port, task = '', , taskPort] = match;
    return { protocol, state, vip: ip(vip), port: Number(port), task: ip(task), taskPort: Number(taskPort) };
  }).flatMap(({ protocol, state = '', ...flow }) =>
    (protocol === 'tcp' || protocol === 'udp') &&
    flow.vip !== flow.task &&
    !['TIME_WAIT', 'CLOSE'].includes(state)
      ? [{ protocol, ...flow }]
      : [],
  );
}

/** IPv4 is written as usual; of IPv6 /proc has all the zeros. */
function ip(text: string): string {
  return text.includes(':') ? (canonicalIp(text) ?? text) : text;
}

function firstLine(error: unknown): string {
  const { stderr, message } = error as { stderr?: string; message?: string };
  return (stderr?.trim() || String(message)).split('\n')[0] ?? '';
}
