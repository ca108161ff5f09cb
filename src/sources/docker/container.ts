import { canonicalIp } from '../../net/ip.js';
import { foreignLine } from '../../text/foreign-line.js';
import { readPortKey, type PortKey } from '../../net/port-key.js';
import type { Protocol, PublishedPort, SelfCheck } from '../../catalog/model.js';
import { isRawObject, rawArray, rawField, rawNumber, rawObject, rawText, rawTexts, type Raw } from './raw.js';
import { signalNumber } from './stop-signals.js';

/** Of what a HEALTHCHECK says, so many characters are kept. */
const MAX_DETAIL = 120;

/** What Docker's own health check says; `none` when there is none. */
export type DockerHealth = 'none' | 'starting' | 'healthy' | 'unhealthy';

/** A container's place on one network. */
export interface Attachment {
  /** Docker's network id. Two networks may have one name. */
  readonly network: string;
  readonly name: string;
  /** New with every connect, so that a reconnect with the same address can be detected. */
  readonly endpoint: string;
  /** Canonical, IPv4 first. */
  readonly ips: readonly string[];
  /** Its names in Docker's resolver, as written: network aliases, and names added by the engine. */
  readonly aliases?: readonly string[];
  /** `target:alias`, from `links:` and `external_links:` on a user network. */
  readonly links?: readonly string[];
}

export interface ContainerPort {
  readonly port: number;
  readonly protocol: Protocol;
  readonly published: readonly PublishedPort[];
}

/** A container as this source knows it, from an inspection, or with less detail from the list. */
export interface Container {
  readonly id: string;
  /** Without the slash. */
  readonly name: string;
  /** `listed`: environment, links, stop signal, times and restarts are unknown. */
  readonly from: 'listed' | 'inspected';
  /**
   * `running` only while its addresses belong to it, so not if it is restarting or dead. `starting`: it has addresses,
   * and its process is about to run.
   */
  readonly phase: 'starting' | 'running' | 'paused' | 'stopped';
  /** Why it is stopped: `exited with code 137`. */
  readonly end?: string;
  readonly health: DockerHealth;
  /** The last result of its HEALTHCHECK. */
  readonly selfCheck?: SelfCheck;
  /** Distinguishes one run from the next; milliseconds since the epoch. */
  readonly startedAt?: number;
  /** `default`, `host`, `none`, `container:<id>`, a network. */
  readonly networkMode: string;
  /** Empty unless it runs. A stopped container still shows an address that may belong to another container by now. */
  readonly attachments: readonly Attachment[];
  readonly ports: readonly ContainerPort[];
  readonly labels: Readonly<Record<string, string>>;
  /** `SERVICE_*` only. */
  readonly env: Readonly<Record<string, string>>;
  /** `/target:/consumer/alias`, from `docker run --link`. */
  readonly links: readonly string[];
  readonly image?: string;
  /** `sha256:...` */
  readonly imageId?: string;
  /** Milliseconds since the epoch. */
  readonly createdAt?: number;
  /** How often its restart policy started it again. */
  readonly restarts?: number;
  readonly stopSignal: number;
  /** Milliseconds. */
  readonly stopTimeout: number;
  /** Its own `dns:` servers, as written. */
  readonly servers?: readonly string[];
  /** The engine's file that becomes its /etc/resolv.conf; absent before its first start. */
  readonly resolvConf?: string;
  /** Whether the user has mounted a volume at /etc/resolv.conf. */
  readonly mountsResolvConf?: boolean;
  /** Files that refer to its network namespace, best first. */
  readonly namespaces?: readonly string[];
}

/** Docker's, in milliseconds. */
export const defaultStopTimeout = 10_000;

/** Reads `GET /containers/{id}/json`, API 1.41 and later. @returns undefined if it is not such an answer */
export function readInspection(json: unknown): Container | undefined {
  const id = isRawObject(json) ? rawText(json.Id) : undefined;
  if (!isRawObject(json) || id === undefined || !isRawObject(json.State)) return undefined;
  const state = json.State;
  const config = rawObject(json.Config);
  const host = rawObject(json.HostConfig);
  const settings = rawObject(json.NetworkSettings);
  const phase = phaseOf(state);
  const up = phase !== 'stopped';
  const startedAt = up ? time(state.StartedAt) : undefined;
  const image = rawText(config.Image);
  const createdAt = time(json.Created);
  const restarts = rawNumber(json.RestartCount);
  const timeout = rawNumber(config.StopTimeout);
  return {
    id,
    name: bareName(rawText(json.Name), id),
    from: 'inspected',
    phase,
    ...(up ? {} : { end: endOf(state) }),
    health: healthOf(rawText(rawObject(state.Health).Status)),
    ...(up ? lastCheck(rawObject(state.Health)) : {}),
    ...(startedAt === undefined ? {} : { startedAt }),
    networkMode: rawText(host.NetworkMode) ?? 'default',
    attachments: up ? readAttachments(settings.Networks, hasIpv6(host)) : [],
    ports: readPorts(config.ExposedPorts, host.PortBindings, up ? settings.Ports : {}),
    labels: rawTexts(config.Labels),
    env: serviceEnv(config.Env),
    links: rawArray(host.Links).filter((link) => typeof link === 'string'),
    ...(image === undefined ? {} : { image }),
    ...imageIdOf(json.Image),
    ...(createdAt === undefined ? {} : { createdAt }),
    ...(restarts === undefined ? {} : { restarts }),
    stopSignal: signalNumber(rawText(config.StopSignal)) ?? 15,
    stopTimeout: timeout === undefined || timeout < 0 ? defaultStopTimeout : timeout * 1000,
    ...readResolver(json, up),
  };
}

function readResolver(json: Raw, up: boolean): Partial<Container> {
  const servers = rawArray(rawObject(json.HostConfig).Dns).filter((text) => typeof text === 'string');
  const resolvConf = rawText(json.ResolvConfPath);
  const mounts = rawArray(json.Mounts).map((mount) => rawText(rawObject(mount).Destination));
  const pid = rawNumber(rawObject(json.State).Pid);
  const key = rawText(rawObject(json.NetworkSettings).SandboxKey);
  const namespaces = [key, pid === undefined || pid < 1 ? undefined : `/proc/${pid}/ns/net`];
  return {
    ...(servers.length === 0 ? {} : { servers }),
    ...(resolvConf === undefined ? {} : { resolvConf }),
    ...(mounts.includes('/etc/resolv.conf') ? { mountsResolvConf: true } : {}),
    ...(up ? { namespaces: namespaces.filter((path) => path !== undefined) } : {}),
  };
}

/**
 * A container known only from a `create` event. The engine answers an inspection only after the start that usually
 * follows.
 */
export function createdContainer(id: string, attributes: Readonly<Record<string, string>>): Container {
  const { name, image, ...labels } = attributes;
  return {
    id,
    name: bareName(name, id),
    from: 'listed',
    phase: 'stopped',
    end: notStarted,
    health: 'none',
    networkMode: 'default',
    attachments: [],
    ports: [],
    labels,
    env: {},
    links: [],
    ...(image === undefined ? {} : { image }),
    stopSignal: 15,
    stopTimeout: defaultStopTimeout,
  };
}

/** The reason for the state of a container that was not started yet. */
export const notStarted = 'created, not started';

/** Reads one entry of `GET /containers/json`. @returns undefined if it is not such an entry */
export function readListed(json: unknown): Container | undefined {
  const id = isRawObject(json) ? rawText(json.Id) : undefined;
  if (!isRawObject(json) || id === undefined) return undefined;
  const status = rawText(json.Status) ?? '';
  const state = rawText(json.State);
  const phase = state === 'running' || state === 'paused' ? state : 'stopped';
  const up = phase !== 'stopped';
  const image = rawText(json.Image);
  const names = rawArray(json.Names).filter((name) => typeof name === 'string');
  return {
    id,
    // A legacy link adds names of the form /consumer/alias to the list.
    name: bareName(names.find((name) => name.lastIndexOf('/') === 0) ?? names[0], id),
    from: 'listed',
    phase,
    ...(up ? {} : { end: listedEnd(state, status) }),
    health: healthOf(
      rawText(rawObject(json.Health).Status) ??
        /\((?:health: )?(starting|healthy|unhealthy)\)/.exec(status)?.[1],
    ),
    networkMode: rawText(rawObject(json.HostConfig).NetworkMode) ?? 'default',
    attachments: up ? readAttachments(rawObject(json.NetworkSettings).Networks, true) : [],
    ports: listedPorts(json.Ports, up),
    labels: rawTexts(json.Labels),
    env: {},
    links: [],
    ...(image === undefined ? {} : { image }),
    ...imageIdOf(json.ImageID),
    stopSignal: 15,
    stopTimeout: defaultStopTimeout,
  };
}

function imageIdOf(value: unknown): { readonly imageId?: string } {
  const imageId = rawText(value);
  return imageId === undefined ? {} : { imageId };
}

/** Whether a list entry shows a change that no event has reported, so that an inspection is needed. */
export function hasDrifted(known: Container, listed: Container): boolean {
  return picture(known) !== picture(listed);
}

/** The fields that list and inspection have in common. */
function picture(container: Container): string {
  const { name, phase, health, attachments, ports } = container;
  if (phase === 'stopped' || phase === 'starting') return JSON.stringify([name, 'stopped']);
  const places = attachments.map(({ network, endpoint, ips }) => [network, endpoint, ips]).sort();
  const published = ports.filter((port) => port.published.length > 0);
  // The list does not show the health of a paused container.
  return JSON.stringify([name, phase, phase === 'paused' ? '' : health, places, published]);
}

/** A container that has ended according to an event, before an inspection confirms it. */
export function ended(container: Container, end: string): Container {
  const over: Container = {
    ...container,
    phase: 'stopped',
    end,
    attachments: [],
    ports: container.ports.map((port) => ({ ...port, published: [] })),
  };
  const { startedAt, ...rest } = over;
  return startedAt === undefined ? over : rest;
}

/** A container that was connected to a network as a part of its start. */
export function starting(container: Container, place: Attachment): Container {
  const others = container.attachments.filter(({ network }) => network !== place.network);
  const begun: Container = { ...container, phase: 'starting', attachments: [...others, place] };
  const { end, startedAt, ...rest } = begun;
  return end === undefined && startedAt === undefined ? begun : rest;
}

function phaseOf(state: Raw): Container['phase'] {
  if (state.Running !== true || state.Restarting === true || state.Dead === true) return 'stopped';
  return state.Paused === true ? 'paused' : 'running';
}

function endOf(state: Raw): string {
  if (state.Restarting === true) return 'restarting';
  if (state.Dead === true) return 'dead';
  if (state.Status === 'created') return notStarted;
  return exitText(rawNumber(state.ExitCode));
}

function listedEnd(state: string | undefined, status: string): string {
  if (state === 'restarting' || state === 'dead') return state;
  if (state === 'created') return notStarted;
  const code = /^Exited \((\d+)\)/.exec(status)?.[1];
  return exitText(code === undefined ? undefined : Number(code));
}

/** `exited with code 137` */
export function exitText(code: number | undefined): string {
  return code === undefined ? 'exited' : `exited with code ${code}`;
}

function healthOf(status: string | undefined): DockerHealth {
  return status === 'starting' || status === 'healthy' || status === 'unhealthy' ? status : 'none';
}

/** Engines keep the last five results, the oldest first, each with at most 4 KiB of output. */
function lastCheck({ Log }: Raw): { readonly selfCheck?: SelfCheck } {
  const last = rawObject(rawArray(Log).at(-1));
  const code = rawNumber(last.ExitCode);
  const [start, at] = [time(last.Start), time(last.End)];
  if (code === undefined || at === undefined) return {};
  const output = foreignLine(rawText(last.Output) ?? '', MAX_DETAIL);
  // The engine's own word for a check that took too long.
  const what = code === -1 ? 'timeout' : `exit code ${code}`;
  const detail = `${what}${output === '' ? '' : `: ${output}`}`.slice(0, MAX_DETAIL);
  return { selfCheck: { ok: code === 0, detail, at, took: Math.max(0, at - (start ?? at)) } };
}

function bareName(name: string | undefined, id: string): string {
  return name?.replace(/^\//, '') ?? id.slice(0, 12);
}

/** RFC 3339 with nanoseconds; year 1 means never. */
function time(value: unknown): number | undefined {
  const at = Date.parse(rawText(value) ?? '');
  return at > 0 ? at : undefined;
}

/** Whether a container's own settings switch IPv6 off. Docker still gives it an address then. */
function hasIpv6(host: unknown): boolean {
  const sysctls = rawObject(rawObject(host).Sysctls);
  const off = ['all', 'default', 'eth0'].map((name) => `net.ipv6.conf.${name}.disable_ipv6`);
  return !off.some((key) => Object.hasOwn(sysctls, key) && sysctls[key] === '1');
}

function readAttachments(networks: unknown, ipv6: boolean): Attachment[] {
  return Object.entries(rawObject(networks))
    .map(([name, value]) => {
      const network = rawObject(value);
      const ips = [rawText(network.IPAddress), ipv6 ? rawText(network.GlobalIPv6Address) : undefined]
        .map((ip) => (ip === undefined ? undefined : canonicalIp(ip)))
        .filter((ip) => ip !== undefined);
      const texts = (list: unknown) => rawArray(list).filter((text) => typeof text === 'string');
      // API 1.44 added the second list, which also has the name, the short id and the hostname.
      const aliases = [...new Set([...texts(network.Aliases), ...texts(network.DNSNames)])];
      const links = texts(network.Links);
      return {
        network: rawText(network.NetworkID) ?? name,
        name,
        endpoint: rawText(network.EndpointID) ?? '',
        ips,
        ...(aliases.length === 0 ? {} : { aliases }),
        ...(links.length === 0 ? {} : { links }),
      };
    })
    .sort((a, b) => (a.name < b.name ? -1 : 1));
}

/** @param actual bindings by port; null or empty if the port is only exposed */
function readPorts(exposed: unknown, asked: unknown, actual: unknown): ContainerPort[] {
  const ports = new Map<string, ContainerPort>();
  const bindings = rawObject(actual);
  for (const key of [exposed, asked, actual].flatMap((object) => Object.keys(rawObject(object)))) {
    const port = readPortKey(key);
    if (port === undefined) continue;
    const published = rawArray(rawField(bindings, key)).map((binding) => {
      const { HostIp, HostPort } = rawObject(binding);
      return publishedPort(HostIp, Number(rawText(HostPort) ?? HostPort));
    });
    addPort(ports, port, published);
  }
  return sortPorts(ports);
}

function listedPorts(list: unknown, up: boolean): ContainerPort[] {
  const ports = new Map<string, ContainerPort>();
  for (const entry of rawArray(list)) {
    const { IP, PrivatePort, PublicPort, Type } = rawObject(entry);
    const port = readPortKey(`${rawNumber(PrivatePort) ?? ''}/${rawText(Type) ?? 'tcp'}`);
    if (port !== undefined) addPort(ports, port, up ? [publishedPort(IP, Number(PublicPort))] : []);
  }
  return sortPorts(ports);
}

function publishedPort(ip: unknown, port: number): PublishedPort | undefined {
  const address = canonicalIp(rawText(ip) ?? '0.0.0.0');
  return address !== undefined && Number.isInteger(port) && port > 0 && port < 65536
    ? { ip: address, port }
    : undefined;
}

function addPort(
  ports: Map<string, ContainerPort>,
  port: PortKey,
  published: readonly (PublishedPort | undefined)[],
): void {
  const key = `${port.port}/${port.protocol}`;
  const all = new Map(ports.get(key)?.published.map((one) => [`${one.ip} ${one.port}`, one]));
  for (const one of published) if (one !== undefined) all.set(`${one.ip} ${one.port}`, one);
  const sorted = [...all.entries()].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, one]) => one);
  ports.set(key, { ...port, published: sorted });
}

function sortPorts(ports: ReadonlyMap<string, ContainerPort>): ContainerPort[] {
  return [...ports.values()].sort((a, b) => a.port - b.port || (a.protocol < b.protocol ? -1 : 1));
}

/** The rest of the environment is not read, because it may contain passwords. */
function serviceEnv(env: unknown): Record<string, string> {
  const pairs = rawArray(env)
    .filter((pair) => typeof pair === 'string')
    .filter((pair) => pair.startsWith('SERVICE_') && pair.includes('='))
    .map((pair) => [pair.slice(0, pair.indexOf('=')), pair.slice(pair.indexOf('=') + 1)]);
  return Object.fromEntries(pairs) as Record<string, string>;
}
