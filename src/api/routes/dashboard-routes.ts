import { readdir, readFile } from 'node:fs/promises';
import { extname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { FastifyInstance, FastifyReply } from 'fastify';
import { ApiProblem } from '../problem.js';
import { acceptsGzip, type StaticFile } from '../static-file.js';

/** Everything comes from this daemon; nothing in a label, a name or a query can run (CSP Level 3). */
const POLICY =
  "default-src 'self'; object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'";

/** Names of scripts and styles have a hash of their content, so that a browser need not ask for them again. */
const FOREVER = 'public, max-age=31536000, immutable';

const HASHED = /-[A-Z0-9]{8}\.\w+$/;

const PAGE = 'index.html';

const TYPES: Readonly<Record<string, string>> = {
  '.css': 'text/css; charset=utf-8',
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.svg': 'image/svg+xml',
};

const BUILT = fileURLToPath(new URL('../../../dist/dashboard/', import.meta.url));

const NOT_BUILT = `<!doctype html>
<html lang="en">
  <head><meta charset="utf-8" /><title>Fairlead</title></head>
  <body><p>The dashboard is not built here: run <code>npm run build</code>. <a href="/ui/plain">The page without scripts</a> is.</p></body>
</html>
`;

/** `/`: the dashboard, and the files that it consists of. They are read when it is first asked for. */
export function dashboardRoutes(app: FastifyInstance, folder: string = BUILT): void {
  let files: Promise<ReadonlyMap<string, StaticFile>> | undefined;
  const load = async (): Promise<ReadonlyMap<string, StaticFile>> => await (files ??= read(folder));

  app.get('/', async (_request, reply) => {
    const page = (await load()).get(PAGE);
    return (
      reply
        .type(page?.type ?? TYPES['.html'] ?? '')
        .header('content-security-policy', POLICY)
        // With `no-referrer`, the form that logs out would be sent without its origin, and be refused.
        .header('referrer-policy', 'same-origin')
        .send(page?.plain ?? NOT_BUILT)
    );
  });

  app.get<{ Params: { file: string } }>('/ui/:file', async (request, reply): Promise<FastifyReply> => {
    const { file: name } = request.params;
    // The page has its headers at `/` only.
    const file = name === PAGE ? undefined : (await load()).get(name);
    if (!file) throw new ApiProblem(404, 'not-found', 'the dashboard has no such file; load the page again');
    void reply.type(file.type).header('vary', 'accept-encoding');
    void reply.header('cache-control', HASHED.test(name) ? FOREVER : 'public, max-age=3600');
    if (!file.packed || !acceptsGzip(request.raw)) return reply.send(file.plain);
    return reply.header('content-encoding', 'gzip').send(file.packed);
  });
}

/** @returns no files where nothing is built */
async function read(folder: string): Promise<ReadonlyMap<string, StaticFile>> {
  const names = await readdir(folder).catch((): string[] => []);
  const files = new Map<string, StaticFile>();
  for (const name of names) {
    const type = TYPES[extname(name)];
    if (type === undefined) continue;
    const plain = await readFile(join(folder, name));
    const packed = names.includes(`${name}.gz`) ? await readFile(join(folder, `${name}.gz`)) : undefined;
    files.set(name, { type, plain, ...(packed && { packed }) });
  }
  return files;
}
