import {
  reach,
  selectForName,
  selectForService,
  type Service,
  type Snapshot,
  type Task,
  type View,
} from '../../catalog/index.js';
import type { Question } from '../server/resolver.js';
import { RCODE } from '../wire/constants.js';
import { leaves } from './leaves.js';
import type { Located, Step } from './located.js';
import { recordToText } from './record-text.js';
import type { Zone } from './zone.js';

/** Why a name is answered to a client as it is. */
export interface ZoneExplanation {
  /** What was tried, in order. */
  readonly steps: readonly Step[];
  readonly rule: string;
  /** `NOERROR`, `NXDOMAIN`, ..., or `forwarded`. */
  readonly rcode: string;
  readonly tasks: readonly ExplainedTask[];
  /** Presentation format. */
  readonly answers: readonly string[];
}

/** One task that the name could lead to. */
export interface ExplainedTask {
  readonly task: Task;
  /** Those that this client is given or would be given. */
  readonly addresses: readonly string[];
  readonly in: boolean;
  readonly why: string;
}

const rcodeNames: ReadonlyMap<number, string> = new Map(
  Object.entries(RCODE).map(([name, code]) => [code, name]),
);

/** Follows the same path as an answer does, and writes down what is seen on the way. */
export function explain(zone: Zone, snapshot: Snapshot, view: View, question: Question): ZoneExplanation {
  const steps: Step[] = [];
  const located = zone.locateFor(snapshot, view, question.labels, steps);
  const resolution = zone.resolveFor(snapshot, view, question);
  const answered = resolution.kind === 'answer' ? resolution : undefined;
  return {
    steps,
    rule: ruleOf(located),
    rcode: answered ? (rcodeNames.get(answered.rcode) ?? `RCODE${answered.rcode}`) : 'forwarded',
    tasks: candidates(snapshot, located).map(({ task, select }) => explainTask(snapshot, view, task, select)),
    answers: (answered?.answers ?? []).map(recordToText),
  };
}

function ruleOf(located: Located): string {
  if (located.kind !== 'service' && located.kind !== 'port' && located.kind !== 'vip') return located.rule;
  const { service } = located;
  if (service.kind === 'tasks') return located.rule;
  const data =
    service.kind === 'external' ? (service.hostname ?? service.externalIps.join(', ')) : targetsOf(service);
  return `${located.rule}, ${service.kind}: ${data}`;
}

function targetsOf({ aliasOf }: Service): string {
  return aliasOf.map((target) => `${target.service}.${target.stack}`).join(', ');
}

type Select = typeof selectForName;

function candidates(
  snapshot: Snapshot,
  located: Located,
): { readonly task: Task; readonly select: Select }[] {
  switch (located.kind) {
    case 'service':
    case 'vip':
    case 'port':
      return leaves(snapshot, located.service).flatMap(({ tasks }) =>
        tasks.map((task) => ({ task, select: selectForService })),
      );
    case 'tasks':
      return located.tasks.map((task) => ({ task, select: selectForName }));
    case 'reverse':
      return [{ task: located.task, select: selectForName }];
    case 'addresses':
    case 'apex':
    case 'name-server':
    case 'empty':
    case 'absent':
    case 'foreign':
      return [];
  }
}

function explainTask(snapshot: Snapshot, view: View, task: Task, select: Select): ExplainedTask {
  const selection = select(task);
  const reached = reach(snapshot, task, view);
  const addresses = reached?.addresses ?? [];
  if (!selection.in) return { task, addresses, in: false, why: selection.why };
  if (!reached) return { task, addresses, in: false, why: unreachable(snapshot, view, task) };
  if (addresses.length === 0) {
    return { task, addresses, in: false, why: 'published under another port number only: ask for SRV' };
  }
  const how = {
    any: 'static address',
    network: 'shared network',
    host: view.networks === 'all' ? 'the client reaches every network' : 'runs in the host network',
    published: "published on the host's address",
    expose: 'fairlead.expose=true',
  } as const;
  return { task, addresses, in: true, why: how[reached.via] };
}

function unreachable(snapshot: Snapshot, view: View, task: Task): string {
  const nameOf = (id: string) => snapshot.network(id)?.name ?? id.slice(0, 12);
  const theirs = [...new Set(task.endpoints.map((endpoint) => nameOf(endpoint.network)))].join(', ');
  const own = view.networks === 'all' ? 'all' : view.networks.map(nameOf).join(', ');
  return `no shared network: it is on ${theirs}, the client on ${own}; connect one to the other's, publish the port, or set fairlead.expose=true`;
}
