import type { Protocol, Service, Snapshot, Task, View } from '../../catalog/index.js';

/** What a name stands for, in the eyes of one client. `rule` says in words which form of name it was. */
export type Located =
  | { readonly kind: 'service'; readonly service: Service; readonly rule: string }
  | { readonly kind: 'vip'; readonly service: Service; readonly rule: string }
  | { readonly kind: 'port'; readonly service: Service; readonly port: PortSelector; readonly rule: string }
  | { readonly kind: 'tasks'; readonly tasks: readonly Task[]; readonly rule: string }
  | { readonly kind: 'addresses'; readonly ips: readonly string[]; readonly rule: string }
  | { readonly kind: 'reverse'; readonly task: Task; readonly rule: string }
  | { readonly kind: 'apex'; readonly rule: string }
  | { readonly kind: 'name-server'; readonly rule: string }
  /** It exists and has no data: an empty non-terminal (RFC 4592 section 2.2.2). */
  | { readonly kind: 'empty'; readonly rule: string }
  /** Ours to deny. */
  | { readonly kind: 'absent'; readonly rule: string }
  /** Not ours: it goes upstream. */
  | { readonly kind: 'foreign'; readonly rule: string };

/** The two leading labels of an SRV owner, without their underscores. */
export interface PortSelector {
  /** A number, or a port's name. */
  readonly port: string;
  readonly protocol: Protocol;
}

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
  /** Collects what was tried; absent on the hot path. */
  readonly steps?: Step[];
}
