// The import table of docs/design.md ("The house") as a lint rule. The table itself is read, so page and check cannot
// drift apart: changing what a room may import means changing the page.
import { readFileSync } from 'node:fs';
import { dirname, relative, resolve, sep } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = resolve(dirname(fileURLToPath(import.meta.url)), '../..');

/**
 * @param {string} page the Markdown of docs/design.md
 * @returns {Map<string, Set<string> | 'everything'>} room to the rooms that it may import; `sources/*` stands for each folder
 */
export function readRooms(page) {
  const rooms = new Map();
  for (const line of page.split('\n')) {
    const row = /^\|(.+)\|([^|]*)\|([^|]*)\|$/.exec(line);
    if (!row || !row[1].includes('`src/')) continue;
    const allowed = row[3].includes('everything')
      ? 'everything'
      : new Set([...row[3].matchAll(/`([^`]+)`/g)].map((match) => match[1]));
    for (const [, path] of row[1].matchAll(/`src\/([^`]+)`/g)) {
      rooms.set(path.replace(/\/$/, '').replace('<name>', '*'), allowed);
    }
  }
  if (rooms.size < 5) throw new Error('docs/design.md: the import table was not found');
  return rooms;
}

const rooms = readRooms(readFileSync(resolve(root, 'docs/design.md'), 'utf8'));

/** @returns {string | undefined} the room of a file, `sources/docker` for a folder under `sources/*` */
function roomOf(file) {
  const parts = relative(resolve(root, 'src'), file).split(sep);
  if (parts[0] === '..') return undefined;
  if (parts.length === 1) return parts[0];
  return rooms.has(`${parts[0]}/*`) ? parts.slice(0, 2).join('/') : parts[0];
}

const pattern = (room) => (rooms.has(room) ? room : `${room.split('/')[0]}/*`);

function mayImport(from, to, toFile) {
  const allowed = rooms.get(pattern(from));
  if (from === to || allowed === 'everything') return true;
  if (allowed === undefined) return false;
  const path = relative(resolve(root, 'src'), toFile).split(sep).join('/');
  return [...allowed].some((name) => to === name || path === name || path.startsWith(`${name}/`));
}

/** @type {import('eslint').Rule.RuleModule} */
export const roomsRule = {
  meta: {
    type: 'problem',
    docs: { description: 'hold imports to the table in docs/design.md' },
    schema: [],
    messages: {
      forbidden:
        '"{{from}}" may not import "{{to}}" (docs/design.md, "The house"): facts flow in, snapshots flow out',
      unknown:
        'src/{{from}} is no room of the table in docs/design.md: add it there, with what it may import',
    },
  },
  create(context) {
    const from = roomOf(context.filename);
    if (from === undefined) return {};
    const check = (node) => {
      const specifier = node.source?.value;
      if (typeof specifier !== 'string' || !specifier.startsWith('.')) return;
      if (!rooms.has(pattern(from))) context.report({ node, messageId: 'unknown', data: { from } });
      const target = resolve(dirname(context.filename), specifier).replace(/\.js$/, '.ts');
      const to = roomOf(target);
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
