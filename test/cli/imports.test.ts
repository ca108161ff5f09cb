import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { COMMANDS } from '../../src/cli/command-table.js';

const HEAVY =
  /^(zod|yaml|fastify|dockerode|immutable|pino|ipaddr\.js|dns-packet|.*\/src\/(config|daemon|dns|catalog)\/.*)$/;

/** Everything that a file loads before it runs: static imports that leave something behind, and theirs. */
function loads(file: URL, seen = new Set<string>()): Set<string> {
  if (seen.has(fileURLToPath(file))) return seen;
  seen.add(fileURLToPath(file));
  const text = readFileSync(file, 'utf8');
  for (const [, names = '', from = ''] of text.matchAll(/^(?:import|export) ([^;]*?)from '([^']+)';/gm)) {
    const onlyTypes = names.startsWith('type ') || /^\{(\s*type [^,}]+,?)+\s*\}\s*$/.test(names);
    if (onlyTypes) continue;
    if (from.startsWith('.')) loads(new URL(from.replace(/\.js$/, '.ts'), file), seen);
    else seen.add(from);
  }
  return seen;
}

// `render` and `template eval` render themselves: the catalog and YAML are their trade.
const client = COMMANDS.filter(({ name }) => !/^(config|doctor|render$|template )/.test(name));

it.each(['main.ts', ...client.map(({ name }) => `cli/commands/${name.replace(' ', '-')}.ts`)])(
  'src/%s loads nothing that makes a client command slow',
  (path) => {
    const loaded = [...loads(new URL(`../../src/${path}`, import.meta.url))];
    // So that the reading of imports cannot break unseen.
    expect(loads(new URL('../../src/config/schema.ts', import.meta.url))).toContain('zod');
    expect(loaded.filter((each) => HEAVY.test(each))).toEqual([]);
  },
);
