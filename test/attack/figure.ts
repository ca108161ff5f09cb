/** One measured number of an attack. */
export interface Figure {
  readonly attack: string;
  readonly what: string;
  readonly value: number;
  /** `x`, `ms`, `MB`, `of 500`. */
  readonly unit: string;
  /** What it has to keep; absent: the number is for information, as it depends on the machine. */
  readonly bound?: Bound;
}

export type Bound = { readonly atMost: number } | { readonly atLeast: number };

export function holds({ value, bound }: Figure): boolean {
  if (bound === undefined) return true;
  return 'atMost' in bound ? value <= bound.atMost : value >= bound.atLeast;
}

/** A number of things that must not happen, out of so many tries. */
export function never(attack: string, what: string, value: number, tries: number): Figure {
  return { attack, what, value, unit: `of ${tries}`, bound: { atMost: 0 } };
}

/** A number of things that must happen every time. */
export function always(attack: string, what: string, value: number, tries: number): Figure {
  return { attack, what, value, unit: `of ${tries}`, bound: { atLeast: tries } };
}

export function boundText({ bound }: Figure): string {
  if (bound === undefined) return '';
  return 'atMost' in bound ? `<= ${bound.atMost}` : `>= ${bound.atLeast}`;
}
