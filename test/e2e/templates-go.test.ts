import { expect, test } from 'vitest';
import { toBytes } from '../../src/template/byte-strings.js';
import { TemplateError } from '../../src/template/template-error.js';
import type { MissingKey } from '../../src/template/template-set.js';
import { Template } from '../../src/template/template.js';
import type { Value } from '../../src/template/value.js';
import { askGo, type OracleAnswer } from '../template/go-oracle.js';
import { TemplateGenerator } from '../template/template-generator.js';

const COUNT = Number(process.env['TEMPLATES'] ?? 2000);
const FIRST_SEED = Number(process.env['SEED'] ?? 1);
const MISSING: readonly MissingKey[] = ['invalid', 'zero', 'error'];
const OPTIONS = { invalid: 'missingkey=invalid', zero: 'missingkey=zero', error: 'missingkey=error' };

function ours(text: string, data: Value, missingKey: MissingKey): OracleAnswer {
  try {
    return { output: toBytes(Template.parse('t', text, { missingKey }).execute(data)) };
  } catch (error) {
    if (error instanceof TemplateError) return { error: error.message };
    throw error;
  }
}

function sameOutcome(a: OracleAnswer, b: OracleAnswer): boolean {
  if ('error' in a || 'error' in b) return 'error' in a && 'error' in b;
  return a.output.equals(b.output);
}

/** `range` over a number is of Go 1.22; an older Go says this. */
function isNewerGo(go: OracleAnswer): boolean {
  return 'error' in go && /range can't iterate over -?[0-9]+$/.test(go.error);
}

function shown(answer: OracleAnswer): string {
  return 'error' in answer ? `error: ${answer.error}` : JSON.stringify(answer.output.toString('latin1'));
}

/** Of ten seeds, seven give a template that runs: what they hold would else be cut off by the first error. */
function generate(seed: number) {
  const missingKey = MISSING[seed % 3] ?? 'invalid';
  const generator = new TemplateGenerator(seed);
  const data = generator.data();
  let text = generator.template();
  for (
    let attempt = 0;
    seed % 10 < 7 && attempt < 40 && 'error' in ours(text, data.value, missingKey);
    attempt += 1
  ) {
    text = generator.template();
  }
  return { seed, data, text, missingKey };
}

test(`${COUNT} generated templates give the same bytes or failure as Go`, async () => {
  const cases = Array.from({ length: COUNT }, (_, index) => generate(FIRST_SEED + index));
  const answers = await askGo(
    cases.map(({ text, data, missingKey }) => ({
      Template: text,
      Data: data.typed,
      Option: OPTIONS[missingKey],
    })),
  );
  expect(answers).toHaveLength(COUNT);
  const outcomes = cases.map(({ text, data, missingKey }) => ours(text, data.value, missingKey));
  const differences = cases.flatMap(({ seed, text, data, missingKey }, index) => {
    const go = answers[index];
    const mine = outcomes[index];
    if (go === undefined || mine === undefined || sameOutcome(go, mine) || isNewerGo(go)) return [];
    const dataText = JSON.stringify(data.typed, (_, value: unknown) => value);
    return [
      `seed ${seed} missingkey=${missingKey}\n${text}\n${dataText}\nGo:   ${shown(go)}\nours: ${shown(mine)}`,
    ];
  });
  const messages = answers.filter((go, index) => {
    const mine = outcomes[index];
    return 'error' in go && mine !== undefined && 'error' in mine && go.error === mine.error;
  });
  const errors = answers.filter((go) => 'error' in go).length;
  console.log(`${COUNT - errors} outputs, ${errors} errors, ${messages.length} of them worded alike`);
  if (process.env['WORDS'] !== undefined) {
    answers.forEach((go, index) => {
      const mine = outcomes[index];
      if ('error' in go && mine !== undefined && 'error' in mine && go.error !== mine.error) {
        console.log(`${cases[index]?.text}\n  ${go.error}\n  ${mine.error}`);
      }
    });
  }
  expect(differences.join('\n\n')).toBe('');
  expect(errors, 'most generated templates must be valid').toBeLessThan(COUNT * 0.4);
});
