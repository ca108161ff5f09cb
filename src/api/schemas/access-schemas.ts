import { z } from 'zod';
import {
  ROLES,
  type NewTokenJson,
  type SessionJson,
  type TokenJson,
  type TokenListJson,
} from '../types/access-json.js';
import { flag, text, texts, time } from './json-values.js';

const limits = { environments: texts.exactOptional(), stacks: texts.exactOptional() };

export const role = z.enum(ROLES);

export const session = z
  .strictObject({
    role: z.enum(['none', ...ROLES]),
    by: z.enum(['socket', 'loopback', 'token', 'session', 'nothing']),
    name: text.exactOptional(),
    login: flag.describe('whether clients over TCP have to log in'),
    csrf: text.exactOptional(),
    expiresAt: time.exactOptional(),
    ...limits,
  })
  .meta({ id: 'SessionJson', description: 'What the client may do.' }) satisfies z.ZodType<SessionJson>;

const tokenShape = {
  id: text,
  name: text,
  role,
  createdAt: time,
  expiresAt: time.exactOptional(),
  usedAt: time.exactOptional(),
  ...limits,
};
export const token = z
  .strictObject(tokenShape)
  .meta({ id: 'TokenJson', description: 'A token, without its secret.' }) satisfies z.ZodType<TokenJson>;

export const tokenList = z
  .strictObject({ now: time, tokens: z.array(token) })
  .meta({ id: 'TokenListJson' }) satisfies z.ZodType<TokenListJson>;

export const newToken = z
  .strictObject({ ...tokenShape, token: text.describe('the token itself, shown only now') })
  .meta({ id: 'NewTokenJson' }) satisfies z.ZodType<NewTokenJson>;
