import type { FastifyInstance } from 'fastify';
import type { Access } from '../access/api-access.js';
import type { TokenInfo } from '../access/token-book.js';
import { Body } from '../body.js';
import { timestamp } from '../json.js';
import { clip, Params } from '../params.js';
import type { ApiPorts } from '../ports.js';
import { ApiProblem } from '../problem.js';
import { errorMessage } from '../../net/error-message.js';
import {
  ROLES,
  TOKEN_NAME,
  type NewTokenJson,
  type TokenJson,
  type TokenListJson,
} from '../types/access-json.js';

/** `/v1/tokens`: the tokens of clients over TCP. */
export function tokenRoutes(
  app: FastifyInstance,
  { clock }: Pick<ApiPorts, 'clock'>,
  { tokens }: Pick<Access, 'tokens'>,
): void {
  app.get('/v1/tokens', (request): TokenListJson => {
    new Params(request.query, []);
    return { now: timestamp(clock()), tokens: tokens.list().map(tokenJson) };
  });

  app.post('/v1/tokens', async (request, reply): Promise<NewTokenJson> => {
    new Params(request.query, []);
    const body = new Body(request.body, ['name', 'role', 'environments', 'stacks', 'for']);
    const name = body.text('name') ?? '';
    const role = ROLES.find((each) => each === body.text('role'));
    if (!TOKEN_NAME.test(name)) {
      const detail = `"name" is "${clip(name)}"; it must be 1 to 63 letters, digits, dots, dashes and underscores`;
      throw new ApiProblem(400, 'body-invalid', detail);
    }
    if (role === undefined)
      throw new ApiProblem(400, 'body-invalid', `"role" must be one of ${ROLES.join(', ')}`);
    const [environments, stacks] = [body.names('environments'), body.names('stacks')];
    const lifetime = body.duration('for');
    const { token, ...info } = await saved(
      tokens.create({
        ...{ name, role },
        ...(environments && { environments }),
        ...(stacks && { stacks }),
        ...(lifetime !== undefined && { lifetime }),
      }),
    );
    void reply.code(201);
    return { ...tokenJson(info), token };
  });

  app.delete<{ Params: { id: string } }>('/v1/tokens/:id', async (request): Promise<TokenJson> => {
    new Params(request.query, []);
    const gone = await saved(tokens.revoke(request.params.id));
    if (gone) return tokenJson(gone);
    const detail = `no token has the id or name "${clip(request.params.id)}"; "fairlead token list" lists them`;
    throw new ApiProblem(404, 'token-not-found', detail);
  });
}

async function saved<T>(task: Promise<T>): Promise<T> {
  try {
    return await task;
  } catch (error) {
    if (error instanceof ApiProblem) throw error;
    throw new ApiProblem(500, 'state-not-written', `the tokens were not saved: ${errorMessage(error)}`);
  }
}

function tokenJson({
  id,
  name,
  role,
  createdAt,
  expiresAt,
  usedAt,
  environments,
  stacks,
}: TokenInfo): TokenJson {
  return {
    ...{ id, name, role },
    createdAt: timestamp(createdAt),
    ...(expiresAt !== undefined && { expiresAt: timestamp(expiresAt) }),
    ...(usedAt !== undefined && { usedAt: timestamp(usedAt) }),
    ...(environments && { environments }),
    ...(stacks && { stacks }),
  };
}
