import { Readable } from 'node:stream';
import type { FastifyInstance } from 'fastify';
import { Params } from '../params.js';
import { plainPage } from '../plain/page.js';
import { STYLE } from '../plain/plain-style.js';
import type { ApiPorts } from '../ports.js';
import { ApiProblem } from '../problem.js';
import { statusJson } from './status-routes.js';

/** No script, no frame, nothing from elsewhere (CSP Level 3). */
const POLICY =
  "default-src 'none'; style-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

const MOST_SECONDS = 3600;

/** `/ui/plain`: the daemon's state on one page without scripts. */
export function plainRoutes(app: FastifyInstance, ports: ApiPorts, listening: () => readonly string[]): void {
  app.get('/ui/plain', async (request, reply) => {
    const params = new Params(request.query, ['environment', 'stack', 'refresh']);
    const options = {
      environment: params.text('environment'),
      stack: params.text('stack'),
      refresh: readRefresh(params.count('refresh')),
    };
    const status = await statusJson(ports, listening());
    return reply
      .type('text/html; charset=utf-8')
      .header('content-security-policy', POLICY)
      .header('referrer-policy', 'no-referrer')
      .send(Readable.from(plainPage(ports, status, options), { objectMode: false }));
  });

  app.get('/ui/plain.css', (_request, reply) => reply.type('text/css; charset=utf-8').send(STYLE));
}

function readRefresh(seconds: number | undefined): number | undefined {
  if (seconds === undefined || (seconds >= 1 && seconds <= MOST_SECONDS)) return seconds;
  throw new ApiProblem(
    400,
    'parameter-invalid',
    `parameter "refresh" is "${seconds}"; it must be a number of seconds from 1 to ${MOST_SECONDS}`,
  );
}
