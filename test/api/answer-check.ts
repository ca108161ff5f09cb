import { expect } from 'vitest';
import { problemAnswer } from '../../src/api/schemas/resource-schemas.js';
import { ROUTES, type RouteSpec } from '../../src/api/schemas/route-table.js';
import type { Answer } from './fixture.js';

const PATTERNS = ROUTES.map((spec) => {
  const [method = '', path = ''] = spec.route.split(' ');
  return {
    spec,
    pattern: new RegExp(`^${method} ${path.replace(/:\w+/g, '[^/]+').replaceAll('.', String.raw`\.`)}$`),
  };
});

/** The entry of the table for a request. */
function routeOf(method: string, path: string): RouteSpec | undefined {
  const [place = ''] = path.split('?');
  // Probes may be HEAD, which fastify answers like GET.
  const asked = `${/^\/(healthz|readyz)$/.test(place) ? 'GET' : method} ${place}`;
  return PATTERNS.find(({ pattern }) => pattern.test(asked))?.spec;
}

/** Holds an answer against what the table of routes says of it. */
export function checkAnswer(method: string, path: string, { status, type, text }: Answer): void {
  // Node itself refuses what is not HTTP, without a word.
  if (status === 400 && type === '') return;
  if (type.startsWith('application/problem+json')) {
    expect(status).toBeGreaterThanOrEqual(400);
    problemAnswer.parse(JSON.parse(text));
    return;
  }
  const spec = routeOf(method, path);
  if (spec === undefined) throw new Error(`${method} ${path} is not in the table of routes`);
  const { answer } = spec;
  // `readyz` shows with its code that the daemon is not ready.
  if (path !== '/readyz' && !path.startsWith('/readyz?')) expect(status).toBe(spec.status ?? 200);
  if ('redirect' in answer) return;
  if (type.startsWith('application/x-ndjson') && 'lines' in answer)
    for (const line of text.split('\n').filter(Boolean)) answer.lines.parse(JSON.parse(line));
  else if (type.startsWith('application/json') && 'json' in answer) answer.json.parse(JSON.parse(text));
  else if ('text' in answer) {
    const isOpenMetrics = path.startsWith('/metrics') && type.startsWith('application/openmetrics-text;');
    if (!isOpenMetrics) expect(type).toMatch(new RegExp(`^${answer.text};`));
  } else
    throw new Error(
      `${method} ${path} has an answer of type ${type}, which the table of routes does not know`,
    );
}
