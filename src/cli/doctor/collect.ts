import { existsSync, readFileSync } from 'node:fs';
import { networkInterfaces } from 'node:os';
import type { StatusJson } from '../../api/types/status-json.js';
import { instancesOf } from '../../config/source-instances.js';
import { readSourcePorts } from '../../linux/source-ports.js';
import {
  canonicalIp,
  formatHostPort,
  isLinkLocal,
  isLoopback,
  parseHostPort,
  type HostPort,
} from '../../net/ip.js';
import type { Context } from '../context.js';
import { CliError, EXIT } from '../exit-codes.js';
import { loadWithOptions } from '../load-config.js';
import type {
  ConfigFacts,
  DaemonFacts,
  DaemonJsonFacts,
  HostFacts,
  InsideFacts,
  ListenerFacts,
} from './host-facts.js';
import { probeFirewall } from './probe-firewall.js';
import { probeInside, vipToTry } from './probe-inside.js';
import { probeDocker } from './probe-docker.js';
import { probeVips, type WantedPool } from './probe-vips.js';
import { nameserversOf, ndotsOf } from './container-resolv-conf.js';
import { probeAnswer, probeTcp, probeUdp } from './probe-port.js';
import { asError, errorMessage } from '../../net/error-message.js';

/** Collects facts about this host. Facts that cannot be found out are absent; nothing is changed. */
export async function collect(context: Context): Promise<HostFacts> {
  const daemon = await daemonFacts(context);
  const { config, listen, dockerSocket, pool } = await configFacts(context, daemon);
  // The running daemon's settings win over a file that no process has loaded yet.
  const running = daemon.state === 'up' ? daemon.status.dns.listen : [];
  const addresses = new Map(listen.map((address) => [formatHostPort(address), address]));
  for (const text of running) {
    const address = parseHostPort(text, 53);
    if (address) addresses.set(text, address);
  }
  const own = ownAddresses();
  const capabilities = capabilitiesOf(read('/proc/self/status'));
  const docker = dockerSocket === undefined ? ({ state: 'off' } as const) : await probeDocker(dockerSocket);
  const resolvConf = read('/etc/resolv.conf');
  const unprivilegedPortStart = numberIn('/proc/sys/net/ipv4/ip_unprivileged_port_start');
  const rpFilter = numberIn('/proc/sys/net/ipv4/conf/all/rp_filter');
  const ports = readSourcePorts();
  const vips = await probeVips(context, { daemon, docker, pool });
  const listeners = await Promise.all([...addresses.values()].map((address) => listenerFacts(address, own)));
  const firewall = await probeFirewall();
  return {
    now: context.io.clock(),
    platform: process.platform,
    node: process.versions.node,
    ...(capabilities === undefined ? {} : { capabilities }),
    config,
    daemon,
    listeners,
    docker,
    inside: await insideFacts({ docker, listeners, vips, daemon }),
    firewall,
    ...(typeof resolvConf === 'string' ? { nameservers: nameserversOf(resolvConf) } : {}),
    daemonJson: daemonJsonFacts(read('/etc/docker/daemon.json')),
    sysctls: {
      ...(unprivilegedPortStart === undefined ? {} : { unprivilegedPortStart }),
      ...(rpFilter === undefined ? {} : { rpFilter }),
      ...(ports && { ports }),
    },
    vips,
  };
}

/** How many networks are checked from inside. Each check starts a process and takes up to 1.5 seconds. */
const MAX_VANTAGES = 8;

function insideFacts({
  docker,
  listeners,
  vips,
  daemon,
}: Pick<HostFacts, 'docker' | 'listeners' | 'vips' | 'daemon'>): Promise<readonly InsideFacts[]> {
  const served = new Set(daemon.state === 'up' ? daemon.status.dns.listen : []);
  const vantages = docker.state === 'up' ? (docker.vantages ?? []).slice(0, MAX_VANTAGES) : [];
  const vip = vips.state === 'wanted' ? vipToTry(vips.carried) : undefined;
  const targets = {
    listeners: listeners.filter(
      (each) => (each.answers || served.has(formatHostPort(each))) && !isInEveryNamespace(each.ip),
    ),
    ...(vip && { vip }),
  };
  return Promise.all(vantages.map((vantage) => probeInside(vantage, targets)));
}

/** In a container, such an address means the container itself. */
function isInEveryNamespace(ip: string): boolean {
  return isLoopback(ip) || ip === '0.0.0.0' || ip === '::';
}

async function daemonFacts(context: Context): Promise<DaemonFacts> {
  const { text: address } = context.address;
  try {
    return { state: 'up', address, status: await context.get<StatusJson>('/v1/status') };
  } catch (error) {
    if (!(error instanceof CliError)) throw error;
    if (error.exitCode === EXIT.permission) return { state: 'denied', address };
    return { state: 'down', address, message: error.message };
  }
}

interface Configured {
  readonly config: ConfigFacts;
  readonly listen: readonly HostPort[];
  readonly dockerSocket: string | undefined;
  /** Absent: no virtual IPs. */
  readonly pool: WantedPool | undefined;
}

async function configFacts(context: Context, daemon: DaemonFacts): Promise<Configured> {
  const { formatConfigError } = await import('../../config/errors.js');
  const result = await loadWithOptions(context, fileOf(context, daemon));
  const path = result.path === undefined ? {} : { path: result.path };
  if (!result.ok) {
    return {
      config: { ...path, errors: result.errors.map(formatConfigError) },
      listen: [],
      dockerSocket: undefined,
      pool: undefined,
    };
  }
  const { dns, sources, vip } = result.config;
  const isChosen = result.isSet(['vip', 'pool']);
  return {
    config: { ...path, errors: [] },
    listen: dns.listen,
    dockerSocket: instancesOf('docker', sources.docker)[0]?.settings.socket,
    pool: vip ? { pool: vip.pool, isChosen } : undefined,
  };
}

/** Unless the user names a file, that of the running daemon, if it is on this side of a container. */
function fileOf(context: Context, daemon: DaemonFacts): string | undefined {
  const named = context.text('config');
  if (named !== undefined || (context.io.env['FAIRLEAD_CONFIG'] ?? '') !== '') return named;
  const running = daemon.state === 'up' ? daemon.status.config.path : undefined;
  return running !== undefined && existsSync(running) ? running : undefined;
}

async function listenerFacts(address: HostPort, own: ReadonlySet<string>): Promise<ListenerFacts> {
  const { ip, port } = address;
  const [udp, tcp] = await Promise.all([probeUdp(address), probeTcp(address)]);
  const held = udp === 'taken' || udp === 'denied';
  return {
    ip,
    port,
    // The addresses of 127/8 and the wildcards can be bound without being listed.
    present: own.has(ip) || udp === 'free' || udp === 'taken',
    linkLocal: isLinkLocal(ip),
    udp,
    tcp,
    answers: held && port > 0 ? await probeAnswer(address) : false,
  };
}

function ownAddresses(): ReadonlySet<string> {
  const all = Object.values(networkInterfaces()).flatMap((addresses) => addresses ?? []);
  return new Set(all.map(({ address }) => canonicalIp(address)).filter((each) => each !== undefined));
}

function read(path: string): string | Error {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    return asError(error);
  }
}

function numberIn(path: string): number | undefined {
  const text = read(path);
  return typeof text === 'string' && /^\d+\s*$/.test(text) ? Number(text) : undefined;
}

/** `CapEff` of proc_pid_status(5). */
export function capabilitiesOf(status: string | Error): readonly number[] | undefined {
  const hex = typeof status === 'string' ? /^CapEff:\s*([0-9a-f]+)$/m.exec(status)?.[1] : undefined;
  if (hex === undefined) return undefined;
  const bits = BigInt(`0x${hex}`);
  return Array.from({ length: 64 }, (_, bit) => bit).filter((bit) => (bits >> BigInt(bit)) % 2n === 1n);
}

/** What Docker knows about DNS for its containers. */
export function daemonJsonFacts(text: string | Error): DaemonJsonFacts {
  if (typeof text !== 'string') {
    const code = 'code' in text ? text.code : undefined;
    return code === 'ENOENT' ? { state: 'absent' } : { state: 'unreadable', message: text.message };
  }
  try {
    const value: unknown = JSON.parse(text === '' ? '{}' : text);
    const listOf = (key: string): string[] => {
      const list: unknown = typeof value === 'object' && value !== null ? Reflect.get(value, key) : [];
      return Array.isArray(list) ? list.filter((each) => typeof each === 'string') : [];
    };
    const ndots = ndotsOf(listOf('dns-opts'));
    return { state: 'read', dns: listOf('dns'), ...(ndots === undefined ? {} : { ndots }) };
  } catch (error) {
    return { state: 'unreadable', message: errorMessage(error) };
  }
}
