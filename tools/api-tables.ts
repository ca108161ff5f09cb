import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { z } from 'zod';
import { PROBLEM_CODES } from '../src/api/schemas/resource-schemas.js';
import { ROUTES, type AnswerSpec, type GivenSpec, type RouteSpec } from '../src/api/schemas/route-table.js';

const PAGE = fileURLToPath(new URL('../docs/api.md', import.meta.url));

/** docs/api.md with its tables as the schemas have them. */
export function apiPage(): string {
  const page = readFileSync(PAGE, 'utf8');
  return between(between(page, 'routes', routes()), 'errors', errors());
}

function between(page: string, mark: string, table: string): string {
  const [begin, end] = [`<!-- ${mark}: made by tools/api-tables.ts -->\n`, `<!-- end of ${mark} -->`];
  const [from, to] = [page.indexOf(begin), page.indexOf(end)];
  if (from < 0 || to < from) throw new Error(`docs/api.md has no place for the table of ${mark}`);
  return `${page.slice(0, from + begin.length)}\n${table}\n${page.slice(to)}`;
}

function routes(): string {
  const rows = ROUTES.map((spec) => `| \`${spec.route}\` | ${answers(spec)} | ${shape(spec.answer)} |`);
  return ['| route | answers | type |', '|---|---|---|', ...rows, ''].join('\n');
}

function answers({ says, query = {}, body = {}, status }: RouteSpec): string {
  return [
    `${status === 202 ? '202; ' : ''}${says}`,
    ...given(query, (name) => `?${name}=`),
    ...given(body, (name) => name),
  ].join('; ');
}

function given(values: Readonly<Record<string, GivenSpec>>, form: (name: string) => string): string[] {
  const names = Object.keys(values).map((name) => `\`${form(name)}\``);
  return names.length === 0 ? [] : [names.join(', ')];
}

function shape(answer: AnswerSpec): string {
  if ('upgrade' in answer) return '`StreamMessage`';
  if ('redirect' in answer) return '-';
  if ('lines' in answer) return `a line: ${nameOf(answer.lines)}`;
  if ('text' in answer)
    return answer.json === undefined ? textKind(answer.text) : `text, or ${nameOf(answer.json)}`;
  return nameOf(answer.json);
}

/** `HTML`, `CSS`, or `text`. */
function textKind(type: string): string {
  const kind = type.replace('text/', '');
  return kind === 'plain' ? 'text' : kind.toUpperCase();
}

function nameOf(schema: z.ZodType): string {
  const { id } = schema.meta() ?? {};
  return typeof id === 'string' ? `\`${id}\`` : 'JSON';
}

function errors(): string {
  const rows = Object.entries(PROBLEM_CODES).map(
    ([code, [status, when]]) => `| \`${code}\` | ${status} | ${when} |`,
  );
  return ['| code | status | when |', '|---|---|---|', ...rows, ''].join('\n');
}
