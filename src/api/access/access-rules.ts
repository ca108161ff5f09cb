import type { FastifyInstance, FastifyRequest } from 'fastify';
import { ApiProblem } from '../problem.js';
import { ROUTES, type RouteSpec } from '../schemas/route-table.js';
import type { Access } from './api-access.js';
import { isUnlimited, type Principal } from './principal.js';
import { isCsrf } from './session-book.js';

const BY_ROUTE = new Map(ROUTES.map((spec) => [spec.route, spec]));

/** The entry of the table for the route of a request. fastify itself answers HEAD for some routes. */
export function specOf({ method, routeOptions: { url = '' } }: FastifyRequest): RouteSpec | undefined {
  return BY_ROUTE.get(`${method} ${url}`) ?? BY_ROUTE.get(`${method === 'HEAD' ? 'GET' : method} ${url}`);
}

/**
 * Lets a request pass only if its client may do what the route does. A route that the table does not have is answered
 * only to those who may do everything.
 */
export function accessRules(app: FastifyInstance, access: Access, listening: () => readonly string[]): void {
  app.addHook('onRequest', async (request, reply) => {
    const principal = access.principalOf(request.raw);
    const spec = specOf(request);
    try {
      checkAccess(principal, spec, request, listening);
    } catch (error) {
      if (!(error instanceof ApiProblem) || error.status !== 401 || !isPage(spec)) throw error;
      return reply.redirect(`/login?to=${encodeURIComponent(request.url)}`, 303);
    }
    return undefined;
  });
}

/** @throws ApiProblem */
function checkAccess(
  principal: Principal,
  spec: RouteSpec | undefined,
  { raw: { method = 'GET', headers }, is404 }: FastifyRequest,
  listening: () => readonly string[],
): void {
  const needs = spec?.needs ?? 'daemon';
  if (needs === 'anyone') return;
  if (principal.role === 'none') {
    const detail = 'this needs a token: send "Authorization: Bearer TOKEN", or log in at /login';
    throw new ApiProblem(401, 'login-needed', detail, { 'www-authenticate': 'Bearer' });
  }
  if (!is404) checkRole(principal, needs, listening);
  if (method === 'GET' || method === 'HEAD' || principal.csrf === undefined) return;
  const given = headers['x-fairlead-csrf'];
  if (typeof given === 'string' && isCsrf(principal.csrf, given)) return;
  const detail =
    'a change from a browser needs the header x-fairlead-csrf with the "csrf" of GET /v1/session';
  throw new ApiProblem(403, 'csrf-missing', detail);
}

function checkRole(
  principal: Principal,
  needs: RouteSpec['needs'],
  listening: () => readonly string[],
): void {
  const { role, by } = principal;
  if (needs === 'viewer' || (needs === 'socket' && by === 'socket')) return;
  if (needs === 'operator' && role === 'operator') return;
  if (needs === 'daemon' && isUnlimited(principal)) return;
  if (by === 'loopback' || needs === 'socket') {
    const socket = listening().find((address) => address.startsWith('unix:'));
    const remedy =
      socket === undefined
        ? 'list a unix:/path under api.listen, and use that socket'
        : `send it to ${socket}`;
    const what = needs === 'socket' ? 'tokens are managed' : 'changes are accepted';
    throw new ApiProblem(403, 'socket-only', `${what} only over the unix socket; ${remedy}`);
  }
  if (role === 'viewer')
    throw new ApiProblem(
      403,
      'role-too-low',
      'this changes something, and a viewer only reads; use a token of an operator',
    );
  const detail =
    'this concerns the whole daemon, and the token is limited to environments or stacks; use one without limits';
  throw new ApiProblem(403, 'scope-too-small', detail);
}

/** Whether a person sees the answer, and can log in. */
function isPage(spec: RouteSpec | undefined): boolean {
  return spec !== undefined && 'text' in spec.answer && spec.answer.text === 'text/html';
}
