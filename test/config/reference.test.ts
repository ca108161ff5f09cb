import { readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { jsonSchema } from '../../src/config/schema.js';
import { parseConfigText } from '../../src/config/load.js';
import { allKeys } from '../../src/config/keys.js';
import { valueAt } from '../../src/config/layers.js';
import { variableName } from '../../src/config/variable-name.js';
import { pageFile, schemaFile, withTable } from '../../tools/config-reference.js';
import { configOf, originsOf } from './support.js';

const leaves = allKeys().filter((key) => key.kind !== 'section');

describe('what is generated from the schema', () => {
  it('config/fairlead.schema.json is up to date (npx tsx tools/config-reference.ts --write)', () => {
    expect(JSON.parse(readFileSync(schemaFile, 'utf8'))).toEqual(jsonSchema());
  });

  it('docs/configuration.md is up to date (npx tsx tools/config-reference.ts --write)', () => {
    const page = readFileSync(pageFile, 'utf8');
    expect(withTable(page)).toBe(page);
  });

  it('describes the purpose and the form of every key', () => {
    expect(leaves.length).toBeGreaterThan(10);
    expect(allKeys().filter((key) => key.description === '')).toEqual([]);
    expect(leaves.filter((key) => key.form === '')).toEqual([]);
  });

  it('has a variable of its own for every key', () => {
    const names = allKeys().flatMap((key) => [variableName(key.path), `${variableName(key.path)}_FILE`]);
    expect(new Set(names).size).toBe(names.length);
    expect(variableName('dns.negativeTtl')).toBe('FAIRLEAD_DNS__NEGATIVE_TTL');
  });
});

describe('config/fairlead.yaml', () => {
  const file = resolve(dirname(schemaFile), 'fairlead.yaml');
  const text = readFileSync(file, 'utf8');
  const uncommented = text.replace(/^(\s*)#(?=\S)/gm, '$1');

  it('says the same as an empty file', () => {
    const example = parseConfigText(text, { file, cwd: '/' });
    expect(configOf(example)).toEqual(configOf(parseConfigText('', { cwd: '/' })));
    expect([...originsOf(example).values()]).not.toContain('default');
  });

  it('is valid with its examples uncommented, and then has every key', () => {
    expect(parseConfigText(uncommented, { file })).toMatchObject({ ok: true });
    const document: unknown = parse(uncommented);
    expect(leaves.filter((key) => valueAt(document, key.path.split('.')) === undefined)).toEqual([]);
  });

  it('names the schema beside it', () => {
    const [, schema = ''] = /^# yaml-language-server: \$schema=(.+)$/m.exec(text) ?? [];
    expect(resolve(dirname(file), schema)).toBe(schemaFile);
  });
});
