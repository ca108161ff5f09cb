import { hostPlace, isOnHostNetwork, type Place } from '../../catalog/host-place.js';
import type { Problem, Task, TaskNode, TaskPort } from '../../catalog/model.js';
import { publishedName, serviceTags } from '../../labels/service-names.js';
import { settingsText } from '../../consul/published-settings.js';
import { networksText } from '../../consul/span-networks.js';
import { META_LIMITS, OWNER_PREFIX, ownerKeys } from '../../consul/owner-mark.js';
import {
  imageName,
  readRegistratorWords,
  registeredName,
  type RegistratorWords,
} from '../../labels/registrator-words.js';
import { durationForm, parseDuration } from '../../net/duration.js';
import { isLoopback } from '../../net/ip.js';
import { printable, quoted } from '../../text/printable.js';

type CheckStatus = 'passing' | 'warning' | 'critical';

/** The desired state of one service of an agent. */
export interface ConsulEntry {
  readonly id: string;
  readonly name: string;
  readonly address: string;
  readonly port: number;
  readonly tags: readonly string[];
  readonly meta: Readonly<Record<string, string>>;
  /** At least 1. */
  readonly weight: number;
  readonly status: CheckStatus;
  /** The reason for a drain. */
  readonly maintenance?: string;
  /** In Consul's own notation: `90m`. */
  readonly deregisterAfter?: string;
}

export interface EntryOptions {
  readonly node: TaskNode;
  /** The form of ids: `fairlead`, or registrator's form (`host:container:port`). */
  readonly ids: 'fairlead' | 'registrator';
  /** Publish the containers' own addresses instead of the host's and published ports. */
  readonly internal: boolean;
  /** With `internal`: the name of the network whose address is published. */
  readonly network?: string | undefined;
  /** Publish only what a label names. */
  readonly explicit: boolean;
  /** The address at which published ports are reached. Undefined if unknown. */
  readonly hostAddress: string | undefined;
  /** The name of a network. */
  readonly networkName: (id: string) => string | undefined;
  /** Whether a network spans hosts, so that its id and its addresses mean the same on all of them. */
  readonly spansHosts: (network: string) => boolean;
  /** Fairlead's version. */
  readonly version?: string;
}

/** A task's entries in Consul: one for each port that other hosts can reach. */
export function entriesOf(
  task: Task,
  options: EntryOptions,
): { readonly entries: readonly ConsulEntry[]; readonly problems: readonly Problem[] } {
  const problems: Problem[] = [];
  if (task.health === 'stopped') return { entries: [], problems };
  const ports = task.ports.filter(({ protocol }) => protocol !== 'sctp');
  const entries = ports.flatMap((port): ConsulEntry[] => {
    const words = readRegistratorWords(task.labels, port.target);
    const isNamed = words.name !== undefined || task.labels['fairlead.service'] !== undefined;
    if (words.ignored || (options.explicit && !isNamed)) return [];
    const place = placeOf(task, port, options);
    if (place === undefined) return [];
    return [entryOf(task, port, place, words, ports.length > 1, options, problems)];
  });
  return { entries, problems };
}

function entryOf(
  task: Task,
  port: TaskPort,
  { target, ...place }: PublishedPlace,
  words: RegistratorWords,
  hasSeveral: boolean,
  options: EntryOptions,
  problems: Problem[],
): ConsulEntry {
  const udp = port.protocol === 'udp' ? ':udp' : '';
  const id =
    words.id ??
    (options.ids === 'registrator'
      ? `${options.node.name}:${task.name}:${port.target}${udp}`
      : `fairlead:${task.id.slice(0, 12)}:${port.target}${udp}`);
  const after = words.attributes['check_deregister_after'];
  const name = registeredName(words, port.target, hasSeveral, () => defaultName(task, options));
  return {
    id,
    name,
    ...place,
    tags: [
      ...words.tags,
      ...(port.protocol === 'udp' ? ['udp'] : []),
      // Consul does not allow a weight of 0.
      ...(task.weight === 0 ? ['fairlead.weight=0'] : []),
      ...serviceTags(task.service, name),
    ],
    meta: metaOf(task, marksOf(task, port, target, options), words, problems),
    weight: Math.max(1, task.weight),
    status: statusOf(task, words),
    ...(task.health === 'draining' && { maintenance: task.reason ?? 'draining' }),
    ...(after !== undefined && isConsulDuration(after) && { deregisterAfter: after }),
  };
}

/** Before the first result of a check, what `SERVICE_CHECK_INITIAL_STATUS` says. */
function statusOf({ health }: Task, { attributes }: RegistratorWords): CheckStatus {
  const initial = attributes['check_initial_status'];
  if (health === 'initializing' && (initial === 'passing' || initial === 'warning')) return initial;
  return health === 'healthy' ? 'passing' : 'critical';
}

/** In registrator's form, the last part of the image's name. Otherwise the service, with its stack if it has one. */
function defaultName(task: Task, { ids }: EntryOptions): string {
  if (ids === 'registrator') return imageName(task.image) ?? task.name;
  const { service } = task;
  return service === undefined ? task.name : publishedName(service);
}

interface PublishedPlace extends Place {
  /** The task's own port, if its host publishes it at `port`, or if only clients on a shared network reach it. */
  readonly target?: number;
}

/**
 * Where other hosts reach a port of a task: where its host publishes it, else its address on a network that spans
 * hosts. Undefined if they cannot.
 */
function placeOf(
  task: Task,
  port: TaskPort,
  { internal, network, hostAddress, networkName, spansHosts }: EntryOptions,
): PublishedPlace | undefined {
  const { target } = port;
  if (isOnHostNetwork(task)) return hostPlace(task, port, hostAddress);
  if (!internal) {
    const published = hostPlace(task, port, hostAddress);
    if (published) return { ...published, target };
    const spanning = task.endpoints.find((endpoint) => spansHosts(endpoint.network));
    return spanning && { address: spanning.ip, port: target, target };
  }
  const usable = task.endpoints.filter(({ ip }) => !isLoopback(ip));
  const chosen =
    network === undefined ? usable[0] : usable.find((endpoint) => networkName(endpoint.network) === network);
  return chosen && { address: chosen.ip, port: port.target };
}

/** What another Fairlead has to know. */
function marksOf(
  task: Task,
  port: TaskPort,
  target: number | undefined,
  { node, spansHosts, version }: EntryOptions,
): Record<string, string> {
  const { service } = task;
  const offered = `${port.name === undefined ? '' : `${port.name}=`}${port.port}/${port.protocol}`;
  const networks =
    target === undefined
      ? undefined
      : networksText(task.endpoints.filter(({ network }) => spansHosts(network)));
  const settings = settingsText(task);
  return {
    [ownerKeys.owner]: node.id,
    [ownerKeys.host]: node.name,
    [ownerKeys.task]: task.id,
    [ownerKeys.name]: task.name,
    [ownerKeys.environment]: task.environment,
    [ownerKeys.port]: offered,
    ...(service && { [ownerKeys.stack]: service.stack, [ownerKeys.service]: service.service }),
    ...(service?.sidekick !== undefined && { [ownerKeys.sidekick]: service.sidekick }),
    ...versionMarks(task),
    ...(target !== undefined && { [ownerKeys.target]: String(target) }),
    ...(networks !== undefined && { [ownerKeys.networks]: networks }),
    ...(settings !== undefined && { [ownerKeys.settings]: settings }),
    ...(version !== undefined && { [ownerKeys.version]: version }),
  };
}

function metaOf(
  task: Task,
  marks: Readonly<Record<string, string>>,
  words: RegistratorWords,
  problems: Problem[],
): Record<string, string> {
  const room = META_LIMITS.pairs - Object.keys(marks).length;
  const kept = Object.entries(words.attributes).filter(([key, value], at) => {
    const fault =
      attributeFault(key, value) ??
      (at >= room ? `is one too many, because Consul accepts only ${room}` : undefined);
    if (fault === undefined) return true;
    const subject = `container ${printable(task.name)}`;
    problems.push({
      code: 'label-invalid',
      subject,
      message: `${subject}: label SERVICE_${printable(key.toUpperCase())} ${fault}; it is not published to Consul; correct it or remove it`,
      task: task.id,
    });
    return false;
  });
  return { ...Object.fromEntries(kept), ...marks };
}

/** What other hosts show of the task's version. Consul would refuse an image's name that is too long. */
function versionMarks({ image, imageId, createdAt, startedAt, restarts }: Task): Record<string, string> {
  const known = {
    [ownerKeys.image]: image,
    [ownerKeys.imageId]: imageId,
    [ownerKeys.created]: createdAt === undefined ? undefined : new Date(createdAt).toISOString(),
    [ownerKeys.started]: startedAt === undefined ? undefined : new Date(startedAt).toISOString(),
    [ownerKeys.restarts]: restarts?.toString(),
  };
  return Object.fromEntries(
    Object.entries(known).filter(
      (pair): pair is [string, string] =>
        pair[1] !== undefined && Buffer.byteLength(pair[1]) <= META_LIMITS.value,
    ),
  );
}

/** Whether it is one as Consul writes it, which has no days, and longer than nothing. */
function isConsulDuration(text: string): boolean {
  return (parseDuration(text) ?? 0) > 0 && !text.includes('d');
}

const statuses: readonly string[] = ['passing', 'warning', 'critical'] satisfies CheckStatus[];

/** Why Consul would refuse the whole registration because of this key-value pair. */
function attributeFault(key: string, value: string): string | undefined {
  if (key === 'check_deregister_after' && !isConsulDuration(value))
    return `is not a duration ${durationForm} (${quoted(value)})`;
  if (key === 'check_initial_status' && !statuses.includes(value))
    return `must be one of ${statuses.join(', ')} (${quoted(value)})`;
  if (!/^[a-z0-9_-]+$/.test(key))
    return 'has a character other than letters, digits, "-" and "_" in its name';
  if (key.length > META_LIMITS.key) return `has a name of more than ${META_LIMITS.key} characters`;
  if (key.startsWith('consul-') || key.startsWith(OWNER_PREFIX)) return 'has a reserved name';
  if (Buffer.byteLength(value) > META_LIMITS.value)
    return `has a value of more than ${META_LIMITS.value} bytes (${quoted(value)})`;
  return undefined;
}
