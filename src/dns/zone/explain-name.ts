import { needsPortMap, reach, type Reach } from '../../catalog/reach.js';
import { selectForName, selectForService } from '../../catalog/selection.js';
import { vipAccess, vipRule } from '../../catalog/vip-access.js';
import { OTHER_HOST, type Service, type ServiceKey, type Task } from '../../catalog/model.js';
import type { Snapshot } from '../../catalog/snapshot.js';
import type { View } from '../../catalog/view.js';
import type { Question } from '../resolver.js';
import { rcodeName, TYPE } from '../../wire/constants.js';
import { chosenTasks } from './leaves.js';
import type { AliasMember, Located, Step } from './located.js';
import { vipGiven, type Give } from './prepared.js';
import { recordToText } from '../../wire/record-text.js';
import type { Zone } from './zone.js';

/** Why a client gets a certain answer for a name. */
export interface ZoneExplanation {
  /** The forms of name tried, in order. */
  readonly steps: readonly Step[];
  readonly rule: string;
  /** `NOERROR`, `NXDOMAIN`, ..., or `forwarded`. */
  readonly rcode: string;
  /** The virtual IP of the name. The tasks are then those behind it. */
  readonly vip?: { readonly service: ServiceKey; readonly address: string };
  readonly tasks: readonly ExplainedTask[];
  /** Presentation format. */
  readonly answers: readonly string[];
}

/** One task to which the name could lead. */
export interface ExplainedTask {
  readonly task: Task;
  /**
   * The addresses that this client receives or would receive. Behind a virtual IP, the addresses to which the host
   * sends.
   */
  readonly addresses: readonly string[];
  readonly in: boolean;
  readonly why: string;
}

/** Follows the same path as an answer, and records each step. */
export function explain(zone: Zone, snapshot: Snapshot, view: View, question: Question): ZoneExplanation {
  const steps: Step[] = [];
  const located = zone.locateFor(snapshot, view, question.labels, { steps });
  const resolution = zone.resolveFor(snapshot, view, question);
  const answered = resolution.kind === 'answer' ? resolution : undefined;
  const meant = meaning(located, question.type);
  const vip = vipOf(meant);
  return {
    steps,
    rule: ruleOf(located, meant) + vipWords(snapshot, view, meant),
    rcode: answered ? rcodeName(answered.rcode) : 'forwarded',
    ...(vip && { vip }),
    tasks: candidates(snapshot, meant).map((candidate) => explainTask(snapshot, view, candidate)),
    answers: (answered?.answers ?? []).map(recordToText),
  };
}

/** What answers for a type: static records for the types that they have, otherwise the rest of the name's meaning. */
function meaning(located: Located, type: number): Located {
  if (located.kind !== 'static') return located;
  const { sets } = located.name;
  const isTheirs = sets.has(type) || sets.has(TYPE.CNAME) || type === TYPE.ANY;
  const { beside } = located;
  return isTheirs || beside.kind === 'absent' || beside.kind === 'foreign' ? located : meaning(beside, type);
}

function ruleOf(located: Located, meant: Located): string {
  const aside = meant !== located ? `, and ${located.rule}` : '';
  return `${meant.rule}${serviceRule(meant)}${aside}`;
}

function serviceRule(located: Located): string {
  if (located.kind !== 'service' && located.kind !== 'port') return '';
  const { service } = located;
  const vip = vipOf(located);
  if (vip) {
    const isStandIn = service.endpointMode !== 'vip' && located.kind === 'service' && located.give === 'mode';
    const why =
      isStandIn && needsPortMap(service)
        ? ', because its tasks are on other hosts that publish other port numbers'
        : '';
    return `, virtual IP ${vip.address}${why}`;
  }
  if (lacksVip(located)) return ', endpoint mode vip, but it has no virtual IP, so its tasks are served';
  if (service.kind === 'tasks') return '';
  const data =
    service.kind === 'external' ? (service.hostname ?? service.externalIps.join(', ')) : targetsOf(service);
  return `, ${service.kind}: ${data}`;
}

function vipOf(located: Located): ZoneExplanation['vip'] {
  if (located.kind !== 'service') return undefined;
  const address = vipGiven(located.service, located.give);
  return address === undefined ? undefined : { service: located.service.key, address };
}

/** The rule by which a client may use the virtual IP of a name. */
function vipWords(snapshot: Snapshot, view: View, located: Located): string {
  const address = vipOf(located)?.address;
  if (address === undefined || located.kind !== 'service') return '';
  const found = vipRule(snapshot, vipAccess(snapshot, located.service), view.networks);
  if (!found)
    return "; the client may not use it, because it shares no network with a task; connect one to the other's network, publish the port, or set fairlead.expose=true";
  const words = {
    host: 'the client is the host, or is outside of it, where vip.external must list its address',
    'host port': 'the host publishes the port',
    network: `it shares the network ${snapshot.network('network' in found ? found.network : '')?.name ?? 'of a task'}`,
    expose: 'a task has the label fairlead.expose=true',
    static: 'a task has a static address',
    'other host': 'another host publishes a port of a task',
    environment: 'isolation: environment',
    'no task': 'there is no task yet',
  } as const;
  return `; the client may use it: ${words[found.rule]}`;
}

function lacksVip(located: Located): boolean {
  if (located.kind !== 'service' || located.give !== 'mode') return false;
  const { kind, endpointMode, vip } = located.service;
  return kind === 'tasks' && endpointMode === 'vip' && vip === undefined;
}

function targetsOf({ aliasOf }: Service): string {
  return aliasOf.map((target) => `${target.service}.${target.stack}`).join(', ');
}

/** A task to which a name could lead. */
interface Candidate {
  readonly task: Task;
  /** Why it is left out. Undefined if it is included. */
  readonly out: string | undefined;
  /** Behind a VIP only this host needs to reach it, not the client. */
  readonly behindVip: boolean;
  /** The name is the task's own. */
  readonly isOwnName?: true;
  /** An additional remark about an included task. */
  readonly aside?: string;
}

function candidates(snapshot: Snapshot, located: Located): readonly Candidate[] {
  switch (located.kind) {
    case 'service':
      return serviceCandidates(snapshot, located.service, located.give);
    case 'port':
      return serviceCandidates(snapshot, located.service, 'tasks');
    case 'tasks':
      return located.tasks.map(namedCandidate);
    case 'aliases':
      return located.members.flatMap((member) => memberCandidates(snapshot, member));
    case 'pointer':
      return located.task ? [namedCandidate(located.task)] : [];
    case 'addresses':
    case 'apex':
    case 'name-server':
    case 'static':
    case 'empty':
    case 'absent':
    case 'foreign':
      return [];
  }
}

function memberCandidates(snapshot: Snapshot, member: AliasMember): readonly Candidate[] {
  if ('service' in member) return serviceCandidates(snapshot, member.service, 'mode');
  if (member.isOwnName) return [namedCandidate(member.task)];
  const service = member.task.service && snapshot.service(member.task.service);
  return service
    ? serviceCandidates(snapshot, service, 'tasks').filter(({ task }) => task === member.task)
    : [namedCandidate(member.task)];
}

function namedCandidate(task: Task): Candidate {
  const selection = selectForName(task);
  return { task, out: selection.in ? undefined : selection.why, behindVip: false, isOwnName: true };
}

function serviceCandidates(snapshot: Snapshot, service: Service, give: Give): readonly Candidate[] {
  const { leaves: found, tasks: taken, panic, filled } = chosenTasks(snapshot, service);
  const all = found.flatMap((leaf) => {
    const behindVip = vipGiven(leaf, give) !== undefined;
    return leaf.tasks.map((task) => ({ task, behindVip }));
  });
  const isNoneHealthy = !all.some(({ task }) => task.health === 'healthy');
  return all.map(({ task, behindVip }): Candidate => {
    const selection = selectForService(task);
    if (selection.in) return { task, out: undefined, behindVip };
    if (filled.includes(task)) {
      const minimum = service.balancing.minHealthy ?? 0;
      const why = isNoneHealthy
        ? 'no task of its service is healthy'
        : `fewer than ${minimum} tasks of its service are healthy`;
      const aside = `${selection.why}, but ${why}, so it is added`;
      return { task, out: undefined, behindVip, aside };
    }
    if (!panic || !taken.includes(task)) return { task, out: selection.why, behindVip };
    const why = isNoneHealthy
      ? 'no task of its service is healthy'
      : 'most tasks of its service are unhealthy';
    const aside = `${selection.why}, but ${why}, so all running tasks are served`;
    return { task, out: undefined, behindVip, aside };
  });
}

function explainTask(snapshot: Snapshot, view: View, candidate: Candidate): ExplainedTask {
  const { task, out, behindVip, aside } = candidate;
  const reached = reach(snapshot, task, behindVip ? { networks: 'all' } : view);
  const isOwnName = candidate.isOwnName && reached?.via === 'other-host';
  const addresses = (behindVip || isOwnName ? reached?.serviceAddresses : reached?.addresses) ?? [];
  if (out !== undefined) return { task, addresses, in: false, why: out };
  if (behindVip)
    return {
      task,
      addresses,
      in: true,
      why: [behindVipWords(task, reached), aside].filter(Boolean).join('; '),
    };
  if (!reached) return { task, addresses, in: false, why: unreachable(snapshot, view, task) };
  if (addresses.length === 0) {
    const where =
      reached.via === 'other-host' ? `on ${hostOf(task)}, which publishes its ports` : 'published';
    return { task, addresses, in: false, why: `${where} only under another port number; ask for SRV` };
  }
  const how = {
    any: 'static address',
    network: 'shared network',
    host: view.networks === 'all' ? 'the client reaches every network' : 'runs in the host network',
    published: "published on the host's address",
    'other-host': `on ${hostOf(task)}, which publishes the port`,
    expose: 'fairlead.expose=true',
    environment: 'isolation: environment',
  } as const;
  return { task, addresses, in: true, why: [how[reached.via], aside].filter(Boolean).join('; ') };
}

function behindVipWords(task: Task, reached: Reach | undefined): string {
  const where = reached?.via === 'other-host' ? `, on ${hostOf(task)}` : '';
  return `behind the virtual IP${where}`;
}

function hostOf({ node }: Task): string {
  return node === undefined ? 'another host' : `host ${node.name}`;
}

function unreachable(snapshot: Snapshot, view: View, task: Task): string {
  const nameOf = (id: string) => snapshot.network(id)?.name ?? id.slice(0, 12);
  if (task.endpoints.some(({ network }) => network === OTHER_HOST))
    return `it is on ${hostOf(task)}, which publishes none of its ports, and it shares no network with the client; publish a port, or connect both to an overlay network`;
  const theirs = [...new Set(task.endpoints.map((endpoint) => nameOf(endpoint.network)))].join(', ');
  const own = view.networks === 'all' ? 'all' : view.networks.map(nameOf).join(', ');
  return `no shared network: it is on ${theirs}, the client on ${own}; connect one to the other's network, publish the port, or set fairlead.expose=true`;
}
