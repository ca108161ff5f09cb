import { createServer, Socket, type AddressInfo, type Server } from 'node:net';
import { errorCode, errorMessage } from '../net/error-message.js';
import { canonicalIp, formatHostPort, ipFamily, type HostPort } from '../net/ip.js';
import type { PassMark } from './docker-forwarding.js';
import { loadLibc, type Libc } from './libc.js';
import { openSocketInFirst } from './network-namespace.js';
import { nft } from './nft.js';
import { emptied, quoted } from './nft-table.js';
import { markRules } from './vip-kernel-table.js';
import { nowhere, vipTable } from './vip-listener-table.js';

/** Rules that are there for a moment. */
const TABLE = 'fairlead_try';
/** Of the address through which it is tried. */
const FIRST_PORT = 1024;
/** A busy host may lose the first packet: the next one follows after a second. */
const PATIENCE_MS = 3000;

/** A container that a connection is tried from, or to. */
export interface Vantage {
  /** Files of its network namespace, best first. */
  readonly namespaces: readonly string[];
  /** Its address on the bridge. */
  readonly ip: string;
}

/** A way from a client's bridge to a task's. */
export interface Crossing {
  readonly from: { readonly bridge: string; readonly vantage: Vantage };
  readonly to: { readonly bridge: string; readonly vantage: Vantage };
}

/** `impossible`: it could not be tried. `why` is one line. */
export type CrossingOutcome =
  { readonly kind: 'open' } | { readonly kind: 'closed' | 'impossible'; readonly why: string };

/** How connections are led across. */
export interface CrossingTerms {
  /** Whether tasks are to see the client's address. */
  readonly keepsSources: boolean;
  readonly mark?: PassMark;
}

/**
 * Tries whether the kernel leads connections from one bridge to another: opens a real one, from inside a container on
 * the first to a listener inside a container on the second, through an address of the pool that no service has. The
 * rules and the listeners are there for just that long. This needs CAP_SYS_ADMIN. Never rejects.
 * @param pool CIDR
 * @returns for each crossing
 */
export async function tryCrossings(
  pool: string,
  crossings: readonly Crossing[],
  terms: CrossingTerms,
): Promise<readonly CrossingOutcome[]> {
  const libc = await loadLibc();
  if ('unavailable' in libc) return crossings.map(() => impossible(libc.unavailable));
  const prepared = await Promise.all(crossings.map((crossing) => listenFor(libc, crossing)));
  const trials = prepared.filter((each) => 'server' in each);
  try {
    if (trials.length === 0) return prepared.map((each) => ('server' in each ? OPEN : each));
    const loaded = await nft(['-f', '-'], trialTable(pool, trials, terms));
    if (!loaded.ok) return crossings.map(() => impossible(`nft refuses the rules: ${loaded.why}`));
    const outcomes = prepared.map((each) => {
      if (!('server' in each)) return Promise.resolve(each);
      const port = FIRST_PORT + trials.indexOf(each);
      return connect(libc, each, { ip: nowhere(pool).ip, port }, terms);
    });
    return await Promise.all(outcomes);
  } finally {
    for (const { server } of trials) server.close();
    await nft(['-f', '-'], emptied({ ...vipTable(pool), name: TABLE }));
  }
}

interface Trial extends Crossing {
  readonly server: Server;
  readonly port: number;
}

async function listenFor(libc: Libc, crossing: Crossing): Promise<Trial | CrossingOutcome> {
  const { ip } = crossing.to.vantage;
  const fd = open(libc, crossing.to.vantage);
  if (typeof fd === 'string') return impossible(fd);
  const server = createServer();
  try {
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen({ fd }, resolve);
    });
    const { port } = server.address() as AddressInfo;
    return { ...crossing, server, port };
  } catch (error) {
    return impossible(`nothing can listen in the namespace of ${ip} (${errorMessage(error)})`);
  }
}

function trialTable(pool: string, trials: readonly Trial[], { keepsSources, mark }: CrossingTerms): string {
  const { family } = vipTable(pool);
  const { ip } = nowhere(pool);
  const own = `ct original ${family} daddr ${ip}`;
  const leads = trials.map(
    ({ from, to, port }, at) =>
      `iifname ${quoted(from.bridge)} ${family} daddr ${ip} tcp dport ${FIRST_PORT + at} ` +
      `dnat to ${formatHostPort({ ip: to.vantage.ip, port })}`,
  );
  const chains = [
    ['lead', ['type nat hook prerouting priority -111', ...leads]],
    [
      'source',
      [
        'type nat hook postrouting priority 94',
        `${own} ${keepsSources ? `snat to ${family} saddr` : 'masquerade fully-random'}`,
      ],
    ],
    ...(mark ? Object.entries(markRules(mark, own)) : []),
  ] as const;
  const text = chains.map(([name, lines]) => `chain ${name} {\n${lines.join('\n')}\n}\n`);
  return `${emptied({ family, name: TABLE })}table ${family} ${TABLE} {\n${text.join('')}}\n`;
}

/** @returns `open` when the listener has the connection, from the address that it is to come from */
function connect(
  libc: Libc,
  { from, to, server }: Trial,
  address: HostPort,
  { keepsSources }: CrossingTerms,
): Promise<CrossingOutcome> {
  const fd = open(libc, from.vantage);
  if (typeof fd === 'string') return Promise.resolve(impossible(fd));
  const socket = new Socket({ fd, readable: false, writable: true });
  return new Promise((resolve) => {
    const end = (outcome: CrossingOutcome): void => {
      clearTimeout(timer);
      socket.destroy();
      resolve(outcome);
    };
    const closed = (why: string): void =>
      end({ kind: 'closed', why: `a connection from ${from.bridge} to ${to.bridge} ${why}` });
    const timer = setTimeout(() => closed('gets no answer; a rule of the host drops it'), PATIENCE_MS);
    server.once('connection', (accepted) => {
      const seen = canonicalIp(accepted.remoteAddress ?? '');
      accepted.on('error', () => undefined);
      accepted.destroy();
      if (keepsSources && seen !== from.vantage.ip) closed(`comes from ${seen ?? 'an unknown address'}`);
      else end(OPEN);
    });
    socket.on('error', (error) => closed(`fails (${errorCode(error)})`));
    socket.connect(address.port, address.ip);
  });
}

function open(libc: Libc, { namespaces, ip }: Vantage): number | string {
  const opened = openSocketInFirst(libc, namespaces, 'tcp', ipFamily(ip));
  return 'fd' in opened ? opened.fd : (opened.why ?? `the network namespace of ${ip} is unknown`);
}

const OPEN: CrossingOutcome = { kind: 'open' };

function impossible(why: string): CrossingOutcome {
  return { kind: 'impossible', why };
}
