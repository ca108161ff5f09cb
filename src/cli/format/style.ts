import type { Io } from '../io.js';

/** The meaning of a colour. A word beside it always says the same. */
export type Tone = 'good' | 'warn' | 'bad' | 'dim' | 'bold';

export type ColorMode = 'auto' | 'always' | 'never';

const CODES: Readonly<Record<Tone, readonly [on: number, off: number]>> = {
  good: [32, 39],
  warn: [33, 39],
  bad: [31, 39],
  dim: [2, 22],
  bold: [1, 22],
};

/** Colours a text, or leaves it as it is. */
export type Paint = (tone: Tone | undefined, text: string) => string;

/**
 * `--color` decides; else FORCE_COLOR (force-color.org), NO_COLOR (no-color.org), TERM, and whether the output is a
 * terminal.
 */
export function painter(mode: ColorMode, { stdout, env }: Pick<Io, 'stdout' | 'env'>): Paint {
  if (!wanted(mode, stdout.isTTY, env)) return (_tone, text) => text;
  return (tone, text) => {
    if (tone === undefined || text === '') return text;
    const [on, off] = CODES[tone];
    return `\u001b[${on}m${text}\u001b[${off}m`;
  };
}

function wanted(mode: ColorMode, isTTY: boolean, env: NodeJS.ProcessEnv): boolean {
  if (mode !== 'auto') return mode === 'always';
  if (env['FORCE_COLOR']) return env['FORCE_COLOR'] !== '0';
  return isTTY && !env['NO_COLOR'] && env['TERM'] !== 'dumb';
}
