import type { Service, ServiceRef, Task } from '../../catalog/model.js';
import type { Snapshot } from '../../catalog/snapshot.js';
import type { View } from '../../catalog/view.js';
import type { LabelTree } from './label-tree.js';
import type { PortSelector } from './leaves.js';
import type { Give } from './prepared.js';
import type { StaticName } from './static-records.js';

/** The meaning of a name for one client. */
export type Located = LocatedBase &
  (
    | { readonly kind: 'service'; readonly service: Service; readonly give: Give }
    | { readonly kind: 'port'; readonly service: Service; readonly port: PortSelector }
    | { readonly kind: 'tasks'; readonly tasks: readonly Task[] }
    /** Everything with this name on one of the client's networks, as Docker's resolver would combine it. */
    | { readonly kind: 'aliases'; readonly members: readonly AliasMember[] }
    | { readonly kind: 'addresses'; readonly ips: readonly string[] }
    /** A reverse name. `target`: labels of the name to which it points; `task` if that is a task's name. */
    | { readonly kind: 'pointer'; readonly target: readonly string[]; readonly task?: Task }
    /** The top of a zone of ours: SOA and NS. */
    | { readonly kind: 'apex'; readonly zone: readonly string[] }
    | { readonly kind: 'name-server' }
    /** Configured records. `beside` answers for all other types. */
    | { readonly kind: 'static'; readonly name: StaticName; readonly beside: Located }
    /** Exists without data: an empty non-terminal (RFC 4592 section 2.2.2). */
    | { readonly kind: 'empty' }
    /** Ours, but does not exist: denied. */
    | { readonly kind: 'absent' }
    /** Not ours: it goes upstream. */
    | { readonly kind: 'foreign' }
  );

interface LocatedBase {
  /** The form of the name, in words. */
  readonly rule: string;
  /** The zone that denies the name; the SOA's owner. Undefined: the domain, or for a short name the name above it. */
  readonly zone?: readonly string[];
  /** No source can ever have this name, so it is denied even while the catalog is loading. */
  readonly certain?: true;
  /** A source of other hosts has yet to report and may turn out to have the name. */
  readonly awaited?: true;
  /** Applies only if nothing else defines the name: static wildcards come first. */
  readonly isDefault?: true;
}

/** One of the items that share a network alias. */
export type AliasMember =
  /** `network`: only its addresses on that network. Undefined: as by its own name. */
  | { readonly service: Service; readonly network?: string }
  /** `isOwnName`: the query used the task's own name, so its health does not matter. */
  | { readonly task: Task; readonly network: string; readonly isOwnName: boolean };

/** One form of name that was tried, for `explain`. */
export interface Step {
  readonly tried: string;
  readonly matched: boolean;
  readonly why: string;
}

export type Sought = (ref: ServiceRef, isFound: boolean) => void;

export interface LocateContext {
  readonly snapshot: Snapshot;
  readonly view: View;
  /** Labels of the domain, lower case: `['rancher','internal']`. */
  readonly domain: readonly string[];
  readonly records: LabelTree<StaticName>;
  /** Names that are forwarded, including all names below them. */
  readonly forwards: LabelTree<true>;
  /** Names in denied zones that the host's own resolver serves, with the reason. */
  readonly opened: LabelTree<string>;
  /** Labels that are delegated in the DNS root. */
  readonly topLevelDomains: ReadonlySet<string>;
  /** Whether the name is the target of a record. A target is never a short name. */
  readonly absolute?: boolean | undefined;
  /** Hears of each service that is looked up by name. Undefined unless a source reads only what is used. */
  readonly sought?: Sought | undefined;
  /** Collects the forms tried. Undefined on the hot path. */
  readonly steps?: Step[] | undefined;
}

export function note(context: LocateContext, tried: string, matched: boolean, why: string): void {
  context.steps?.push({ tried, matched, why });
}

/** The labels in front of a suffix. Undefined if the name does not end in it. */
export function below(labels: readonly string[], suffix: readonly string[]): readonly string[] | undefined {
  const rest = labels.length - suffix.length;
  if (rest < 0 || !suffix.every((label, at) => label === labels[rest + at])) return undefined;
  return labels.slice(0, rest);
}
