import { createSocket } from 'node:dgram';
import { connect } from 'node:net';
import { nft } from '../../linux/nft.js';
import type { InputChain } from './firewall-rules.js';
import type { FirewallFacts } from './host-facts.js';

const PATIENCE_MS = 1500;
/** The port of discard, which no service uses today (RFC 863). A refusal is an answer. */
const CLOSED_PORT = 9;

/** What decides on packets to this host, and whether it lets this host speak to itself. Never rejects. */
export async function probeFirewall(): Promise<FirewallFacts> {
  const [listed, loopback] = await Promise.all([nft(['-j', 'list', 'ruleset']), probeLoopback()]);
  return { loopback, ...(listed.ok && { chains: inputChains(listed.output) }) };
}

/**
 * The chains of other programs that may drop packets to this host: those with rules, or with the policy `drop`.
 * @param json the output of `nft -j list ruleset` (libnftables-json(5))
 */
export function inputChains(json: string): readonly InputChain[] {
  const items = itemsOf(json);
  const withRules = new Set(
    items.flatMap(({ rule }) => (rule ? [[rule.family, rule.table, rule.chain].join(' ')] : [])),
  );
  return items.flatMap(({ chain }): InputChain[] => {
    if (chain?.hook !== 'input') return [];
    const { family, table = '', name = '', policy } = chain;
    if (family !== 'ip' && family !== 'ip6' && family !== 'inet') return [];
    // From a name of another form, no command can be made.
    if (![table, name].every((each) => /^[\w.-]+$/.test(each)) || table === 'fairlead_vip') return [];
    const canDrop = policy === 'drop' || withRules.has([family, table, name].join(' '));
    return canDrop ? [{ family, table, name }] : [];
  });
}

interface Item {
  readonly chain?: Readonly<Partial<Record<'family' | 'table' | 'name' | 'hook' | 'policy', string>>>;
  readonly rule?: Readonly<Partial<Record<'family' | 'table' | 'chain', string>>>;
}

function itemsOf(json: string): readonly Item[] {
  try {
    const { nftables } = JSON.parse(json) as { readonly nftables?: unknown };
    return Array.isArray(nftables) ? (nftables as readonly Item[]) : [];
  } catch {
    return [];
  }
}

/** Whether a datagram over loopback arrives. */
function probeLoopback(): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = createSocket('udp4');
    const end = (arrives: boolean) => {
      clearTimeout(timer);
      socket.close();
      resolve(arrives);
    };
    const timer = setTimeout(() => end(false), PATIENCE_MS);
    // Without a loopback interface nothing is known about a firewall.
    socket.once('error', () => end(true));
    socket.once('message', () => end(true));
    socket.bind(0, '127.0.0.1', () => socket.send('fairlead', socket.address().port, '127.0.0.1'));
  });
}

/**
 * Whether replies of a container reach this host, found out by a connection to one of its ports.
 * @returns `ok`, `no answer`, or the code of another error. Never rejects
 */
export function probeReplies(ip: string, port = CLOSED_PORT): Promise<string> {
  return new Promise((resolve) => {
    const socket = connect({ host: ip, port });
    const end = (result: string) => {
      clearTimeout(timer);
      socket.destroy();
      resolve(result);
    };
    const timer = setTimeout(() => end('no answer'), PATIENCE_MS);
    socket.once('connect', () => end('ok'));
    socket.once('error', ({ code = 'unknown' }: NodeJS.ErrnoException) =>
      end(code === 'ECONNREFUSED' ? 'ok' : code),
    );
  });
}
