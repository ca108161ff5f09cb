import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { errorMessage } from '../net/error-message.js';
import { nft } from './nft.js';
import { familyOf } from './nft-table.js';

const run = promisify(execFile);
/** Waits while another program changes rules. */
const WAIT_SECONDS = '5';
const OPTIONS = { timeout: 10_000, maxBuffer: 16 << 20 };

type Family = 'ip' | 'ip6';

/** The chain in which Docker with iptables leaves rules of others alone, and asks them first. */
const USER_CHAIN = 'DOCKER-USER';
/** Marks the rules that are Fairlead's. */
const COMMENT = 'fairlead_vip';

/** The mark that Docker's rules let pass; only the bits of `mask` count. */
export interface PassMark {
  readonly value: number;
  readonly mask: number;
}

/** How packets of virtual IPs pass Docker's rules from one bridge to another. */
export interface DockerForwarding {
  /**
   * Whether a task's replies to a client on another bridge pass. Since version 28 Docker drops packets to a container
   * that come from another bridge, before anything is known about their connection.
   */
  readonly keepsSources: boolean;
  /** The packets need this mark. */
  readonly mark?: PassMark;
  /** Why they do not pass, as "what; what to do", as far as the rules tell. */
  readonly obstacle?: string;
}

/**
 * Has Docker's rules let connections pass that are led from addresses of a pool to tasks. Which ones are led is not
 * decided here. Idempotent. Never rejects.
 * @param pool CIDR
 */
export async function passDocker(pool: string): Promise<DockerForwarding> {
  const family = familyOf(pool);
  const [forward, user, native] = await Promise.all([
    iptables(family, ['-S', 'FORWARD']),
    iptables(family, ['-S', USER_CHAIN]),
    nft(['list', 'table', family, 'docker-bridges']),
  ]);
  // Engines before 29 have no such table; with iptables later ones have none either.
  const ofNft = native.ok ? nftForwarding(native.output) : undefined;
  if (user === undefined) return ofNft ?? { keepsSources: true };
  const obstacle = (await accept(family, pool, user)) ?? orderFault(forward ?? '');
  return {
    keepsSources: !ofNft && !/DOCKER-FORWARD|docker-ext-bridges/.test(forward ?? ''),
    ...(obstacle !== undefined && { obstacle }),
    ...ofNft,
  };
}

/** Takes back what {@link passDocker} has added, for every pool of a family. Never rejects. */
export async function stopPassingDocker(family: Family): Promise<void> {
  for (const rule of ownRules((await iptables(family, ['-S', USER_CHAIN])) ?? ''))
    await iptables(family, ['-D', USER_CHAIN, ...rule]);
}

/** What the rules of Docker's own table say (`nft list table ip docker-bridges`). */
export function nftForwarding(text: string): DockerForwarding {
  const [, mask = '0xffffffff', value] =
    /meta mark (?:& (0x[0-9a-f]+) == )?(0x[0-9a-f]+) [^\n]*"ALLOW FW MARK"/.exec(text) ?? [];
  if (value === undefined)
    return {
      keepsSources: false,
      obstacle:
        "Docker's rules of nftables let no packet pass from one bridge to another; " +
        'set "bridge-accept-fwmark": "0x10000/0x10000" in /etc/docker/daemon.json and restart Docker',
    };
  return { keepsSources: false, mark: { value: Number(value), mask: Number(mask) } };
}

/** @returns why there is no such rule */
async function accept(family: Family, pool: string, user: string): Promise<string | undefined> {
  const wanted = acceptRule(pool);
  const own = ownRules(user);
  for (const rule of own)
    if (rule.join(' ') !== wanted.join(' ')) await iptables(family, ['-D', USER_CHAIN, ...rule]);
  if (own.some((rule) => rule.join(' ') === wanted.join(' '))) return undefined;
  try {
    await run(commandOf(family), ['-w', WAIT_SECONDS, '-I', USER_CHAIN, ...wanted], OPTIONS);
    return undefined;
  } catch (error) {
    const { stderr = '' } = error as { stderr?: string };
    const why = stderr.trim().split('\n')[0] || errorMessage(error);
    return `a rule cannot be added to the chain ${USER_CHAIN} (${why}); run as root or with CAP_NET_ADMIN`;
  }
}

/** As `iptables -S` prints it. */
function acceptRule(pool: string): readonly string[] {
  const match = ['-m', 'conntrack', '--ctstate', 'DNAT', '--ctorigdst', pool];
  return [...match, '-m', 'comment', '--comment', COMMENT, '-j', 'ACCEPT'];
}

function ownRules(user: string): readonly (readonly string[])[] {
  const head = `-A ${USER_CHAIN} `;
  return user
    .split('\n')
    .filter((line) => line.startsWith(head) && line.includes(`--comment ${COMMENT} `))
    .map((line) => line.slice(head.length).trim().split(' '));
}

/** @param forward as `iptables -S FORWARD` prints it */
export function orderFault(forward: string): string | undefined {
  const rules = forward.split('\n').filter((line) => line.startsWith('-A FORWARD '));
  const at = rules.findIndex((line) => line.endsWith(`-j ${USER_CHAIN}`));
  if (at === 0) return undefined;
  const what =
    at < 0 ? `no rule of the chain FORWARD leads to ${USER_CHAIN}` : `other rules come before ${USER_CHAIN}`;
  return `${what}; restart Docker, which puts that first, or look at "iptables -S FORWARD"`;
}

/** What a command prints; undefined if it fails. */
async function iptables(family: Family, args: readonly string[]): Promise<string | undefined> {
  try {
    return (await run(commandOf(family), ['-w', WAIT_SECONDS, ...args], OPTIONS)).stdout;
  } catch {
    return undefined;
  }
}

function commandOf(family: Family): string {
  return family === 'ip' ? 'iptables' : 'ip6tables';
}
