import type { PassMark } from '../../linux/docker-forwarding.js';
import type { KernelCrossing } from '../../linux/vip-kernel-table.js';

/** From the bridge of a client network to that of a task's. */
export interface Way {
  readonly from: WayEnd;
  readonly to: WayEnd;
}

export interface WayEnd {
  /** Network id. */
  readonly network: string;
  readonly bridge: string;
  /** CIDRs of the family of the virtual IPs. */
  readonly subnets: readonly string[];
}

/** Whether connections are led on a way; `why` completes "because". */
export type WayState =
  | { readonly isOpen: true; readonly keepsSources: boolean }
  | { readonly isOpen: false; readonly why: string };

/** What is known of ways. Another value for each change. */
export interface Ways {
  /** By {@link nameOf}. */
  readonly states: ReadonlyMap<string, WayState>;
  /** What packets on them need. */
  readonly mark?: PassMark;
}

/** `br-1 br-2` */
export function nameOf({ from, to }: Way): string {
  return `${from.bridge} ${to.bridge}`;
}

/** The ways that connections are led on. */
export function openWays(ways: Ways | undefined): readonly KernelCrossing[] {
  return [...(ways?.states ?? [])].flatMap(([name, state]) => {
    const [from = '', to = ''] = name.split(' ');
    return state.isOpen ? [{ from, to, keepsSources: state.keepsSources }] : [];
  });
}
