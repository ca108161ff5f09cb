import { Linter } from 'eslint';
import { describe, expect, it } from 'vitest';
import tseslint from 'typescript-eslint';
import { wallClockRule } from '../../tools/eslint/wall-clock.js';

function lint(code: string): (string | undefined)[] {
  const messages = new Linter().verify(code, [
    {
      languageOptions: { parser: tseslint.parser },
      plugins: { fairlead: { rules: { 'wall-clock': wallClockRule } } },
      rules: { 'fairlead/wall-clock': 'error' },
    },
  ]);
  return messages.map((each) => each.messageId);
}

describe('the wall clock', () => {
  it.each([
    'const startedAt = Date.now();',
    'class A { #loadedAt = Date.now(); }',
    'this.#clock = options.clock ?? Date.now;',
    'function f({ clock = Date.now }) {}',
    'status({ at: Date.now(), ok: true });',
    'const asOf = isLive ? told : Date.now();',
    'log(new Date().toISOString());',
    'const date = new Date(0);',
    'const at = clock(); show(at);',
    'const due = performance.now() + 1000;',
  ])('may be a stamp: %s', (code) => {
    expect(lint(code)).toEqual([]);
  });

  it.each([
    ['stamp', 'const until = Date.now() + 30_000;'],
    ['stamp', 'const doneAt = Date.now() + 30_000;'],
    ['stamp', 'if (Date.now() > deadline) stop();'],
    ['stamp', 'const now = options.now ?? Date.now;'],
    ['stamp', 'follow(book, Date.now);'],
    ['stamp', 'wait(new Date());'],
    ['interval', 'const wait = until - this.#clock();'],
    ['interval', 'const due = clock() + 1000;'],
    ['interval', 'while (options.clock() < end) go();'],
  ])('counts no interval (%s): %s', (id, code) => {
    expect(lint(code)).toEqual([id]);
  });
});
