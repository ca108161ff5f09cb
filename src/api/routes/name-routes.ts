import { domainToASCII } from 'node:url';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { canonicalIp, reverseLabels } from '../../net/ip.js';
import { dnsMessageJson } from '../dns-message.js';
import { clientAddress } from '../find-task.js';
import { clip, Params } from '../params.js';
import type { ApiPorts } from '../ports.js';
import { ApiProblem } from '../problem.js';
import type { ExplainJson, QueryJson } from '../types/query-json.js';

/** `/v1/query`: an answer as a client would get it. `/v1/explain`: the reasons for it. */
export function nameRoutes(app: FastifyInstance, { catalog, names }: ApiPorts): void {
  app.get('/v1/query', async (request): Promise<QueryJson> => {
    const { name, type, as } = asked(request);
    const { message, source, rule, ms, view } = await names.query(
      name,
      type,
      clientAddress(catalog.snapshot, as),
    );
    return { ...dnsMessageJson(message), source, rule, ms, view };
  });

  app.get('/v1/explain', (request): Promise<ExplainJson> => {
    const { name, type, as } = asked(request);
    return names.explain(name, type, clientAddress(catalog.snapshot, as));
  });
}

function asked(request: FastifyRequest): { name: string; type: string; as: string | undefined } {
  const params = new Params(request.query, ['name', 'type', 'as']);
  const text = params.required('name');
  const ip = canonicalIp(text);
  const type = (params.text('type') ?? (ip === undefined ? 'A' : 'PTR')).toUpperCase();
  if (!/^[A-Z][A-Z0-9-]{0,15}$/.test(type)) {
    const detail = `"${clip(type)}" is not a valid record type; give one such as A, AAAA, SRV, PTR or TYPE65`;
    throw new ApiProblem(400, 'parameter-invalid', detail);
  }
  // An address instead of a name means its reverse-mapping name, as with "dig -x".
  const name = ip !== undefined && type === 'PTR' ? reverseLabels(ip).join('.') : asciiName(text);
  return { name, type, as: params.text('as') };
}

/** Converts names outside ASCII to their IDNA form. @throws ApiProblem `parameter-invalid` */
function asciiName(text: string): string {
  const ascii = /^[\x21-\x7e]+$/.test(text) ? text : domainToASCII(text);
  // 253 octets as text; more only where octets are written as \DDD (RFC 1035 section 5.1).
  if (ascii !== '' && ascii.length <= 1016) return ascii;
  throw new ApiProblem(
    400,
    'parameter-invalid',
    `"${clip(text)}" is not a valid DNS name; give one such as web.shop`,
  );
}
