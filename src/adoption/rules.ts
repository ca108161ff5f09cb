import {
  HOST_NETWORK,
  type ContainerResolver,
  type Network,
  type ServiceRef,
  type Task,
} from '../catalog/model.js';
import { isLoopback, type HostPort } from '../net/ip.js';
import { DOCKER_RESOLVER, parseResolvConf } from './resolv-conf.js';

/** Which containers are adopted: the wanted ones for which adoption works. Pure functions. */

/**
 * Which containers are wanted: those whose queries Docker's resolver would send to us anyway, all, or none. A label
 * takes precedence.
 */
export type AdoptMode = 'auto' | 'all' | 'off';

/** What an operator chose while the daemon ran. It takes precedence over the configuration, and a label over it. */
export interface Choices {
  readonly all?: Choice;
  /** By stack. Takes precedence over `all`. */
  readonly stacks: Readonly<Record<string, Choice>>;
}

export type Choice = 'adopt' | 'release';

/**
 * Whether the listener can be reached from a network. `unknown`: no query has come from there, and no probe has
 * finished.
 */
export type Reach = { readonly kind: 'reached'; readonly listener: string } | ReachProblem;
export type ReachProblem = { readonly kind: 'unknown' | 'blocked'; readonly why: string };

export interface Circumstances {
  readonly mode: AdoptMode;
  readonly choices: Choices;
  /** Whether Docker already sends this container's queries to us, as far as known. */
  readonly asksAnyway: boolean;
  /** The networks of the container. */
  readonly networks: readonly Network[];
  /** Why its file cannot be read or written. Undefined if it can, or if the file does not exist yet. */
  readonly fault: string | undefined;
  /** Something in the container keeps rewriting its resolv.conf. */
  readonly isContested: boolean;
  readonly reach: () => Reach;
}

/** Why a container is left alone, as a code for programs. */
export type LeftCode =
  | 'not-wanted'
  | 'refused'
  | 'released'
  | 'mounted'
  | 'host-network'
  | 'no-network'
  | 'shared-network'
  | 'overlay'
  | 'contested'
  | 'edited'
  | 'unreachable'
  | 'pending'
  | 'unwritable';

export type Decision =
  | { readonly adopt: true; readonly listener: string; readonly why: string }
  | { readonly adopt: false; readonly code: LeftCode; readonly why: string };

const left = (code: LeftCode, why: string): Decision => ({ adopt: false, code, why });

/** @param task must have a resolver */
export function decide(
  task: Pick<Task, 'asksFairlead' | 'resolver' | 'stack'>,
  given: Circumstances,
): Decision {
  const { resolver, asksFairlead } = task;
  const choice = given.choices.stacks[task.stack] ?? given.choices.all;
  if (asksFairlead === false)
    return left('refused', 'a label (fairlead.dns, io.rancher.container.dns) excludes it');
  if (asksFairlead === undefined && choice === 'release') return left('released', 'it was released');
  if (given.mode === 'off' && choice !== 'adopt') return left('not-wanted', 'sources.docker.adopt is off');
  const wish = wishOf(asksFairlead, choice, given);
  if (wish === undefined) {
    const how = 'set the label fairlead.dns=true or sources.docker.adopt: all, or run fairlead adopt';
    return left('not-wanted', `it was not selected; ${how} ${task.stack}`);
  }
  return impediment(resolver, asksFairlead === true, given) ?? reachable(wish, given.reach());
}

function wishOf(
  label: boolean | undefined,
  choice: Choice | undefined,
  { mode, asksAnyway }: Circumstances,
): string | undefined {
  if (label === true) return 'a label asks for it';
  if (choice === 'adopt') return 'an operator asked for it';
  if (mode === 'all') return 'sources.docker.adopt is all';
  return asksAnyway ? 'its DNS servers include Fairlead' : undefined;
}

/** What prevents the adoption of a container, no matter how much it is wanted. */
function impediment(
  resolver: Task['resolver'],
  isLabelled: boolean,
  { networks, isContested, fault }: Circumstances,
): Decision | undefined {
  if (resolver?.isMounted === true) return left('mounted', 'the user has mounted their own resolv.conf');
  if (isContested)
    return left(
      'contested',
      'a program in the container keeps rewriting its resolv.conf; stop it, then restart the container',
    );
  const blocked = namespaceImpediment(resolver?.namespace, isLabelled);
  if (blocked) return blocked;
  const overlay = networks.find(({ driver }) => driver === 'overlay');
  if (overlay && !isLabelled)
    return left(
      'overlay',
      `network ${overlay.name} spans hosts, and only Docker's resolver knows the names on the other hosts; the label fairlead.dns=true adopts it`,
    );
  if (fault === undefined) return undefined;
  const remedy = "run as root; in the image, mount the folder of the engine's containers at the same path";
  return left('unwritable', `${resolver?.path ?? 'its resolv.conf'} cannot be written (${fault}); ${remedy}`);
}

function namespaceImpediment(
  namespace: ContainerResolver['namespace'] | undefined,
  isLabelled: boolean,
): Decision | undefined {
  switch (namespace) {
    case 'none':
      return left('no-network', 'it has no network');
    case 'container':
      return left('shared-network', 'it shares the network and the resolv.conf of another container');
    case 'host':
      return isLabelled
        ? undefined
        : left('host-network', 'it is in the network of the host; the label fairlead.dns=true adopts it');
    case 'own':
    case undefined:
      return undefined;
  }
}

function reachable(why: string, reach: Reach): Decision {
  if (reach.kind === 'reached') return { adopt: true, listener: reach.listener, why };
  return left(reach.kind === 'unknown' ? 'pending' : 'unreachable', reach.why);
}

/** Whether Docker's text shows that the container's queries reach one of our addresses. */
export function asksAny(text: string, servers: readonly string[], ours: ReadonlySet<string>): boolean {
  const { nameservers, external } = parseResolvConf(text);
  return [...nameservers, ...external, ...servers].some((server) => ours.has(server));
}

/**
 * Whether Docker has written the file for the last time in this start. For a container on a user-defined network,
 * Docker first writes the host's servers and then its own resolver. A change between the two would leave that resolver
 * without upstreams.
 */
export function isFinalText(text: string, networks: readonly Network[], isHost: boolean): boolean {
  if (isHost) return true;
  if (networks.length === 0) return false;
  const { nameservers } = parseResolvConf(text);
  return networks.every(isDefaultBridge) || nameservers.includes(DOCKER_RESOLVER);
}

function isDefaultBridge({ name, driver }: Network): boolean {
  return name === 'bridge' && driver === 'bridge';
}

/** The search list of a container, as Rancher's agent wrote it. */
export function searchDomains(
  { stack, service }: { readonly stack: string; readonly service?: ServiceRef },
  domain: string,
): readonly string[] {
  return [
    `${stack}.${domain}`,
    ...(service ? [`${service.service}.${service.stack}.${domain}`] : []),
    domain,
  ];
}

/**
 * Our listeners that a container's resolv.conf can name, best first: those on port 53 that are not on the host's own
 * loopback.
 */
export function listenersFor(listeners: readonly HostPort[], isHost: boolean): readonly string[] {
  const usable = listeners.filter(({ ip, port }) => port === 53 && (isHost || !isLoopback(ip)));
  return usable.map(({ ip }) => ip);
}

/** The known networks of a task, except the host's own. */
export function networksOf(task: Task, network: (id: string) => Network | undefined): readonly Network[] {
  const ids = new Set(task.endpoints.map((endpoint) => endpoint.network));
  ids.delete(HOST_NETWORK);
  return [...ids].map(network).filter((each) => each !== undefined);
}
