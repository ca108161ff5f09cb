import { z } from 'zod';
import { problemAnswer } from './schemas/resource-schemas.js';
import { ROUTES, type AnswerSpec, type GivenSpec, type RouteSpec } from './schemas/route-table.js';

type Json = Readonly<Record<string, unknown>>;

/**
 * The API as an OpenAPI 3.1 document (https://spec.openapis.org/oas/v3.1.1).
 * @param version the daemon's
 */
export function openApiDocument(version: string): Json {
  const paths: Record<string, Record<string, Json>> = {};
  for (const spec of ROUTES) {
    const [method = '', path = ''] = spec.route.split(' ');
    const template = path.replace(/:(\w+)/g, '{$1}');
    paths[template] = { ...paths[template], [method.toLowerCase()]: operation(spec, template) };
  }
  return {
    openapi: '3.1.0',
    info: {
      title: 'Fairlead',
      version,
      description: 'Service discovery, DNS and load balancing for plain Docker hosts.',
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    servers: [{ url: 'http://localhost', description: 'a unix socket, or a loopback address' }],
    // Over the unix socket nothing is needed.
    security: [{}, { token: [] }, { session: [] }],
    paths,
    components: { schemas: components(), securitySchemes: SECURITY },
  };
}

/** How clients over TCP show who they are, where `api.tokens` is set (docs/access.md). */
const SECURITY: Json = {
  token: { type: 'http', scheme: 'bearer', description: 'a token of "fairlead token create"' },
  session: {
    type: 'apiKey',
    in: 'cookie',
    name: '__Host-fairlead',
    description:
      'of POST /v1/login; changes also need the header x-fairlead-csrf. Without TLS its name is fairlead',
  },
};

function operation(
  { route, says, needs, query = {}, body, status = 200, answer }: RouteSpec,
  path: string,
): Json {
  const inPath = [...path.matchAll(/\{(\w+)\}/g)].map(([, name = '']) => ({
    ...{ name, in: 'path', required: true, schema: { type: 'string' } },
  }));
  const inQuery = Object.entries(query).map(([name, { schema, says: description, isRequired = false }]) => ({
    ...{ name, in: 'query', required: isRequired, description, schema: schemaOf(schema) },
  }));
  const parameters = [...inPath, ...inQuery];
  return {
    // What a page's form does has the name of what a program asks for.
    operationId: `${operationId(route)}${/^POST .*\/log(in|out)$/.test(route) && 'redirect' in answer ? 'Form' : ''}`,
    summary: plain(says),
    description: NEEDS[needs],
    ...(needs === 'anyone' && { security: [] }),
    ...(parameters.length > 0 && { parameters }),
    ...(body && { requestBody: requestBody(body) }),
    responses: {
      [status]: { description: plain(says), ...contentOf(answer) },
      default: {
        description: 'an error (RFC 9457)',
        content: { 'application/problem+json': { schema: schemaOf(problemAnswer) } },
      },
    },
  };
}

const NEEDS: Readonly<Record<RouteSpec['needs'], string>> = {
  anyone: 'For everybody.',
  viewer: 'For those who may read.',
  operator: 'For operators, within the limits of their token.',
  daemon: 'For operators without limits.',
  socket: 'Over the unix socket only.',
};

function requestBody(body: Readonly<Record<string, GivenSpec>>): Json {
  const given = Object.entries(body);
  const required = given.filter(([, { isRequired }]) => isRequired).map(([name]) => name);
  const schema = {
    type: 'object',
    properties: Object.fromEntries(
      given.map(([name, { schema: own, says }]) => [name, { ...schemaOf(own), description: plain(says) }]),
    ),
    additionalProperties: false,
    ...(required.length > 0 && { required }),
  };
  return { required: required.length > 0, content: { 'application/json': { schema } } };
}

function contentOf(answer: AnswerSpec): Json {
  if ('upgrade' in answer || 'redirect' in answer) return {};
  const content: Record<string, Json> = {};
  if ('text' in answer) content[answer.text] = { schema: { type: 'string' } };
  if ('lines' in answer) content['application/x-ndjson'] = { schema: schemaOf(answer.lines) };
  if ('json' in answer) content['application/json'] = { schema: schemaOf(answer.json) };
  return { content };
}

const PLACE = '#/components/schemas/';

/** Clients must ignore keys that they do not know, so the document does not forbid them. */
const OPTIONS = {
  override: ({ jsonSchema }: { jsonSchema: { additionalProperties?: unknown } }) => {
    if (jsonSchema.additionalProperties === false) delete jsonSchema.additionalProperties;
  },
} as const;

/** A reference for a schema with a name, else the schema itself. */
function schemaOf(schema: z.ZodType): Json {
  const { id } = schema.meta() ?? {};
  if (typeof id === 'string') return { $ref: `${PLACE}${id}` };
  const json: Record<string, unknown> = { ...z.toJSONSchema(schema, OPTIONS) };
  delete json['$schema'];
  return json;
}

function components(): Json {
  const { schemas } = z.toJSONSchema(z.globalRegistry, { ...OPTIONS, uri: (id) => `${PLACE}${id}` });
  return Object.fromEntries(
    Object.entries(schemas)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([id, { $schema: _, $id: __, ...schema }]) => [id, schema]),
  );
}

/** `getServicesStackService` */
function operationId(route: string): string {
  const words = route
    .replace(/\/v1\b/, '')
    .split(/[^A-Za-z0-9]+/)
    .filter(Boolean);
  return words
    .map((word, at) => (at === 0 ? word.toLowerCase() : word.charAt(0).toUpperCase() + word.slice(1)))
    .join('');
}

/** Without Markdown's links. */
function plain(text: string): string {
  return text.replace(/\[([^\]]*)\]\([^)]*\)/g, 'docs/$1');
}
