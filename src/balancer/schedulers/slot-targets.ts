/** One destination before a redistribution. */
export interface SlotHolder {
  /** 0: quiesced. */
  readonly weight: number;
  /** The slots it owns. */
  readonly has: number;
  /** Its weight has changed since the last distribution and is not 0, or it is new. */
  readonly asks: boolean;
}

/**
 * How many slots each destination should own, so that shares follow the weights and as few slots as possible change
 * hands. As long as no destination asks for more, each remaining one keeps all its slots; rounding may then leave it a
 * slot or two beside its share. A quiesced destination keeps its slots for its return, until a new destination needs
 * some.
 * @returns slots by holder; they add up to `slots`, or to the present total when all are quiesced
 */
export function slotTargets(slots: number, holders: readonly SlotHolder[]): number[] {
  const total = sum(holders, ({ weight }) => weight);
  if (total === 0) return holders.map(({ has }) => has);

  const idle = sum(holders, ({ weight, has }) => (weight === 0 ? has : 0));
  const claimed = sum(holders, ({ weight, has }) => (has === 0 ? Math.floor((slots * weight) / total) : 0));
  const kept = idle === 0 ? 0 : Math.max(0, idle - claimed) / idle;
  const idleTarget = ({ weight, has }: SlotHolder): number => (weight === 0 ? Math.floor(has * kept) : 0);
  const live = slots - sum(holders, idleTarget);

  const isCalm = holders.every(({ asks }) => !asks);
  const shares = holders.map((holder) => {
    if (holder.weight === 0) return idleShare(idleTarget(holder));
    const share = liveShare(holder.has, (live * holder.weight) / total);
    return isCalm ? { ...share, target: Math.max(holder.has, share.low), low: holder.has } : share;
  });
  settle(shares, slots);
  return shares.map(({ target }) => target);
}

interface Share {
  readonly low: number;
  readonly high: number;
  target: number;
}

function idleShare(target: number): Share {
  return { low: target, high: target, target };
}

function liveShare(has: number, exact: number): Share {
  const low = Math.floor(exact);
  const high = Math.ceil(exact);
  return { low, high, target: Math.min(Math.max(has, low), high) };
}

/** Adjusts the targets to the total, within the bounds of the shares. */
function settle(shares: readonly Share[], slots: number): void {
  let missing = slots - sum(shares, ({ target }) => target);
  for (const share of shares) {
    const more = Math.min(Math.max(0, missing), Math.max(0, share.high - share.target));
    const less = Math.min(Math.max(0, -missing), Math.max(0, share.target - share.low));
    share.target += more - less;
    missing -= more - less;
  }
}

function sum<T>(items: readonly T[], value: (item: T) => number): number {
  return items.reduce((total, item) => total + value(item), 0);
}
