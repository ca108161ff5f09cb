import type { Context } from '../context.js';
import { diagnose } from '../doctor/all-checks.js';
import { collect } from '../doctor/collect.js';
import type { Finding, Verdict } from '../doctor/host-facts.js';
import { EXIT } from '../exit-codes.js';
import { padEnd, plain, textWidth } from '../format/text.js';
import { count } from '../format/words.js';
import { printOne } from '../print-list.js';

export async function run(context: Context): Promise<number> {
  return report(context, diagnose(await collect(context)));
}

const TONES = { OK: 'good', WARN: 'warn', FAIL: 'bad' } as const;

/** Prints findings. @returns the exit code: 1 when one of them is a failure */
export async function report(context: Context, findings: readonly Finding[]): Promise<number> {
  const number = (verdict: Verdict) => findings.filter((finding) => finding.verdict === verdict).length;
  const summary = { ok: number('OK'), warnings: number('WARN'), failures: number('FAIL') };
  await printOne(context, { summary, findings }, () => {
    const width = Math.max(...findings.map(({ check }) => textWidth(check)));
    const lines = findings.map(({ check, verdict, message, remedy, commands = [] }) => {
      const line = `${context.paint(TONES[verdict], padEnd(verdict, 4))}  ${padEnd(check, width)}  ${plain(message)}\n`;
      if (remedy === undefined) return line;
      const indent = ' '.repeat(width + 8);
      const below = commands.map((command) => `${indent}   ${plain(command)}\n`);
      return `${line}${indent}-> ${plain(remedy)}\n${below.join('')}`;
    });
    const counts = [
      `${summary.ok} ok`,
      count(summary.warnings, 'warning'),
      count(summary.failures, 'failure'),
    ];
    return `${lines.join('')}\n${counts.join(', ')}\n`;
  });
  return summary.failures > 0 ? EXIT.negative : EXIT.ok;
}
