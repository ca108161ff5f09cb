// Writes what is generated from the configuration's schema: config/fairlead.schema.json and the table of keys in
// docs/configuration.md. Without --write it only says whether they are up to date (exit status 1 when not).
import { readFileSync, writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { format } from 'prettier';
import { jsonSchema } from '../src/config/schema.js';
import { allKeys, type ConfigKey } from '../src/config/keys.js';
import { variableName } from '../src/config/variable-name.js';

const root = resolve(import.meta.dirname, '..');

export const schemaFile = resolve(root, 'config/fairlead.schema.json');
export const pageFile = resolve(root, 'docs/configuration.md');

const begin = '<!-- begin of the generated table: npx tsx tools/config-reference.ts --write -->';
const end = '<!-- end of the generated table -->';

function valueForm({ kind, form, words }: ConfigKey): string {
  const main = kind === 'list' ? `list of ${form}` : kind === 'section' ? 'mapping' : form;
  return [...words.map((word) => `\`${word}\``), main].join(' or ');
}

function defaultText(key: ConfigKey): string {
  if (key.kind === 'section' || key.default === undefined) return '';
  return `\`${typeof key.default === 'string' ? key.default : JSON.stringify(key.default)}\``;
}

function row(key: ConfigKey): string {
  const cells = [
    `\`${key.path}\``,
    valueForm(key),
    defaultText(key),
    key.description,
    `\`${variableName(key.path)}\``,
  ];
  return `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
}

/** The table of all keys, in Markdown. */
export function renderTable(): string {
  return [
    '| key | value | default | meaning | variable |',
    '|---|---|---|---|---|',
    ...allKeys().map(row),
  ].join('\n');
}

/** The page with the table between its two markers replaced. */
export function withTable(page: string): string {
  const from = page.indexOf(begin);
  const to = page.indexOf(end);
  if (from < 0 || to < from)
    throw new Error(`docs/configuration.md: the markers "${begin}" and "${end}" are missing`);
  return `${page.slice(0, from)}${begin}\n${renderTable()}\n${page.slice(to)}`;
}

async function main(write: boolean): Promise<number> {
  const wanted = new Map([
    [schemaFile, await format(JSON.stringify(jsonSchema()), { parser: 'json', printWidth: 110 })],
    [pageFile, withTable(readFileSync(pageFile, 'utf8'))],
  ]);
  if (write) {
    for (const [file, text] of wanted) writeFileSync(file, text);
    return 0;
  }
  const stale = [...wanted].filter(([file, text]) => readFileSync(file, 'utf8') !== text);
  for (const [file] of stale)
    console.error(`${file}: is not up to date; run: npx tsx tools/config-reference.ts --write`);
  return stale.length === 0 ? 0 : 1;
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  process.exitCode = await main(process.argv.includes('--write'));
}
