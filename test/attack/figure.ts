/** One measured number of an attack. */
export interface Figure {
  readonly attack: string;
  readonly what: string;
  readonly value: number;
  /** `x`, `ms`, `MB`, `of 500`; one of {@link TIMES} for a number that a busy machine makes worse. */
  readonly unit: string;
  readonly bound: Bound;
  /** What was measured beside it and has no bound, such as the same without an attack: `idle 0.2 ms`. */
  readonly beside?: string;
}

/** `because`: where the number comes from, or what a number beyond it would mean. */
export type Bound = ({ readonly atMost: number } | { readonly atLeast: number }) & {
  readonly because: string;
};

/** Units of times, of their ratios and of rates: their bounds are for a machine that does nothing else. */
export const TIMES: readonly string[] = ['ms', 's', '/s', 'x the time'];

export function holds({ value, bound }: Figure): boolean {
  return 'atMost' in bound ? value <= bound.atMost : value >= bound.atLeast;
}

/** A number of things that must not happen, out of so many tries. */
export function never(attack: string, what: string, value: number, tries: number): Figure {
  return { attack, what, value, unit: `of ${tries}`, bound: { atMost: 0, because: 'it must never happen' } };
}

/** A number of things that must happen every time. */
export function always(attack: string, what: string, value: number, tries: number): Figure {
  const bound = { atLeast: tries, because: 'it must happen every time' };
  return { attack, what, value, unit: `of ${tries}`, bound };
}

export function boundText({ bound }: Figure): string {
  return 'atMost' in bound ? `<= ${bound.atMost}` : `>= ${bound.atLeast}`;
}
