import type { Service, Task } from '../../catalog/model.js';
import type { Snapshot } from '../../catalog/snapshot.js';
import type { View } from '../../catalog/view.js';
import type { LabelTree } from './label-tree.js';
import type { PortSelector } from './leaves.js';
import type { Give } from './prepared.js';
import type { StaticName } from './static-records.js';

/** What a name stands for, in the eyes of one client. */
export type Located = LocatedBase &
  (
    | { readonly kind: 'service'; readonly service: Service; readonly give: Give }
    | { readonly kind: 'port'; readonly service: Service; readonly port: PortSelector }
    | { readonly kind: 'tasks'; readonly tasks: readonly Task[] }
    /** What Docker's resolver would put together: everything that has the name on one of the client's networks. */
    | { readonly kind: 'aliases'; readonly members: readonly AliasMember[] }
    | { readonly kind: 'addresses'; readonly ips: readonly string[] }
    /** A reverse name. `target`: labels of the name that it points at; `task` when it is a task's. */
    | { readonly kind: 'pointer'; readonly target: readonly string[]; readonly task?: Task }
    /** The top of a zone of ours: SOA and NS. */
    | { readonly kind: 'apex'; readonly zone: readonly string[] }
    | { readonly kind: 'name-server' }
    /** Records from configuration; what they say nothing of is `beside`. */
    | { readonly kind: 'static'; readonly name: StaticName; readonly beside: Located }
    /** It exists and has no data: an empty non-terminal (RFC 4592 section 2.2.2). */
    | { readonly kind: 'empty' }
    /** Ours to deny. */
    | { readonly kind: 'absent' }
    /** Not ours: it goes upstream. */
    | { readonly kind: 'foreign' }
  );

interface LocatedBase {
  /** In words, which form of name it was. */
  readonly rule: string;
  /** The zone that a denial speaks for, its SOA's owner. Absent: the domain, or for a short name what is above it. */
  readonly zone?: readonly string[];
  /** No source can have anything to say about the name: it is denied even while the catalog is loading. */
  readonly certain?: true;
  /** A source of other hosts has yet to report, and it may turn out to have the name. */
  readonly awaited?: true;
  /** It stands for this only where nothing else says what it is: wildcards of static records come first. */
  readonly isDefault?: true;
}

/** A part of what a network alias stands for. */
export type AliasMember =
  /** `network`: only its addresses there; absent: as by its own name. */
  | { readonly service: Service; readonly network?: string }
  /** `isOwnName`: it is asked for by a name that is its own, so that its health does not matter. */
  | { readonly task: Task; readonly network: string; readonly isOwnName: boolean };

/** One form of name that was tried, for `explain`. */
export interface Step {
  readonly tried: string;
  readonly matched: boolean;
  readonly why: string;
}

export interface LocateContext {
  readonly snapshot: Snapshot;
  readonly view: View;
  /** Labels of the domain, lower case: `['rancher','internal']`. */
  readonly domain: readonly string[];
  readonly records: LabelTree<StaticName>;
  /** Names that are forwarded with all that is below them. */
  readonly forwards: LabelTree<true>;
  /** Names in zones that are denied otherwise, which the host's own resolver serves, with the reason. */
  readonly opened: LabelTree<string>;
  /** Labels that are delegated in the DNS root. */
  readonly topLevelDomains: ReadonlySet<string>;
  /** The target of a record, which is never a short name. */
  readonly absolute?: boolean | undefined;
  /** Collects what was tried; absent on the hot path. */
  readonly steps?: Step[] | undefined;
}

export function note(context: LocateContext, tried: string, matched: boolean, why: string): void {
  context.steps?.push({ tried, matched, why });
}

/** The labels in front of a suffix; undefined when the name does not end in it. */
export function below(labels: readonly string[], suffix: readonly string[]): readonly string[] | undefined {
  const rest = labels.length - suffix.length;
  if (rest < 0 || !suffix.every((label, at) => label === labels[rest + at])) return undefined;
  return labels.slice(0, rest);
}
