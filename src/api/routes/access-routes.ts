import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { Access } from '../access/api-access.js';
import { nameOfPrincipal, STRANGER, type Principal } from '../access/principal.js';
import { Body } from '../body.js';
import type { FaceContext } from '../http-face.js';
import { timestamp } from '../json.js';
import { Params } from '../params.js';
import type { ApiPorts } from '../ports.js';
import { ApiProblem } from '../problem.js';
import type { SessionJson } from '../types/access-json.js';

/** `/v1/session`: what a client may do. `/v1/login` and `/v1/logout`: the sessions of browsers. */
export function accessRoutes(
  app: FastifyInstance,
  { audit }: Pick<ApiPorts, 'audit'>,
  access: Access,
  { clientOf }: Pick<FaceContext, 'clientOf'>,
): void {
  app.get('/v1/session', (request): SessionJson => {
    new Params(request.query, []);
    return sessionJson(access.principalOf(request.raw), access.needsTokens);
  });

  app.post('/v1/login', async (request, reply): Promise<SessionJson> => {
    new Params(request.query, []);
    const token = new Body(request.body, ['token']).text('token');
    if (token === undefined)
      throw new ApiProblem(400, 'body-invalid', '"token" is missing; send {"token":"fl_..."}');
    const { cookie, principal } = await access.login(request.raw, clientOf(request), token);
    audit({
      type: 'login',
      subject: principal.token?.name ?? '',
      message: loginText(principal, clientOf, request),
    });
    void reply.header('set-cookie', cookie);
    return sessionJson(principal, true);
  });

  app.post('/v1/logout', async (request, reply): Promise<SessionJson> => {
    new Params(request.query, []);
    new Body(request.body, []);
    void reply.header('set-cookie', await access.logout(request.raw));
    return sessionJson(STRANGER, access.needsTokens);
  });
}

export function loginText(
  principal: Principal,
  clientOf: FaceContext['clientOf'],
  request: FastifyRequest,
): string {
  const client = clientOf(request);
  return `${nameOfPrincipal(principal)} has logged in from ${client.transport === 'tcp' ? client.address : 'the unix socket'}`;
}

function sessionJson({ role, by, scope, token, csrf, expiresAt }: Principal, login: boolean): SessionJson {
  return {
    role,
    by,
    ...(token && { name: token.name }),
    login,
    ...(csrf !== undefined && { csrf }),
    ...(expiresAt !== undefined && { expiresAt: timestamp(expiresAt) }),
    ...scope,
  };
}
