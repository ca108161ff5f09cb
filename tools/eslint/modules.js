// The import table of docs/design.md ("Modules") as a lint rule. The table itself is read, so page and check cannot
// drift apart: changing what a module may import means changing the page.
import { readFileSync } from 'node:fs';
import { dirname, relative, resolve, sep } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = resolve(dirname(fileURLToPath(import.meta.url)), '../..');

/**
 * @param {string} page the Markdown of docs/design.md
 * @returns {Map<string, Set<string> | 'everything'>} module to the modules that it may import; `sources/*` stands for each folder
 */
export function readModules(page) {
  const modules = new Map();
  for (const line of page.split('\n')) {
    const row = /^\|(.+)\|([^|]*)\|([^|]*)\|$/.exec(line);
    if (!row || !row[1].includes('`src/')) continue;
    const allowed = row[3].includes('everything')
      ? 'everything'
      : new Set([...row[3].matchAll(/`([^`]+)`/g)].map((match) => match[1]));
    for (const [, path] of row[1].matchAll(/`src\/([^`]+)`/g)) {
      modules.set(path.replace(/\/$/, '').replace('<name>', '*'), allowed);
    }
  }
  if (modules.size < 5) throw new Error('docs/design.md: the import table was not found');
  return modules;
}

const modules = readModules(readFileSync(resolve(root, 'docs/design.md'), 'utf8'));

/** @returns {string | undefined} the module of a file, `sources/docker` for a folder under `sources/*` */
function moduleOf(file) {
  const parts = relative(resolve(root, 'src'), file).split(sep);
  if (parts[0] === '..') return undefined;
  if (parts.length === 1) return parts[0];
  return modules.has(`${parts[0]}/*`) ? parts.slice(0, 2).join('/') : parts[0];
}

const pattern = (module) => (modules.has(module) ? module : `${module.split('/')[0]}/*`);

function mayImport(from, to, toFile) {
  const allowed = modules.get(pattern(from));
  if (from === to || allowed === 'everything') return true;
  if (allowed === undefined) return false;
  const path = relative(resolve(root, 'src'), toFile).split(sep).join('/');
  return [...allowed].some((name) => to === name || path === name || path.startsWith(`${name}/`));
}

/** @type {import('eslint').Rule.RuleModule} */
export const modulesRule = {
  meta: {
    type: 'problem',
    docs: { description: 'hold imports to the table in docs/design.md' },
    schema: [],
    messages: {
      forbidden:
        '"{{from}}" may not import "{{to}}" (docs/design.md, "Modules"): facts flow in, snapshots flow out',
      unknown: 'src/{{from}} is not in the table of docs/design.md: add it there, with what it may import',
    },
  },
  create(context) {
    const from = moduleOf(context.filename);
    if (from === undefined) return {};
    const check = (node) => {
      const specifier = node.source?.value;
      if (typeof specifier !== 'string' || !specifier.startsWith('.')) return;
      if (!modules.has(pattern(from))) context.report({ node, messageId: 'unknown', data: { from } });
      const target = resolve(dirname(context.filename), specifier).replace(/\.js$/, '.ts');
      const to = moduleOf(target);
      if (to !== undefined && !mayImport(from, to, target)) {
        context.report({ node, messageId: 'forbidden', data: { from, to } });
      }
    };
    return {
      ImportDeclaration: check,
      ImportExpression: check,
      ExportNamedDeclaration: check,
      ExportAllDeclaration: check,
    };
  },
};
