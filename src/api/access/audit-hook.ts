import type { FastifyInstance, FastifyRequest } from 'fastify';
import { serviceName } from '../../catalog/model.js';
import type { Snapshot } from '../../catalog/snapshot.js';
import { findTask } from '../find-task.js';
import type { FaceContext } from '../http-face.js';
import { clip } from '../params.js';
import type { ApiPorts, AuditEntry } from '../ports.js';
import type { Access } from './api-access.js';
import { specOf } from './access-rules.js';
import { nameOfPrincipal } from './principal.js';
import { placeOfTask } from './access-scope.js';

/** Writes down every change that a client has made: who, what, from where. */
export function auditHook(
  app: FastifyInstance,
  { audit, catalog, daemon }: Pick<ApiPorts, 'audit' | 'catalog' | 'daemon'>,
  access: Access,
  { clientOf }: Pick<FaceContext, 'clientOf'>,
): void {
  app.addHook('onResponse', (request, reply, done) => {
    done();
    const { method } = request;
    const spec = specOf(request);
    if (method === 'GET' || method === 'HEAD' || reply.statusCode >= 400) return;
    if (!spec || spec.needs === 'anyone' || spec.needs === 'viewer' || spec.isRoutine) return;
    const client = clientOf(request);
    const from = client.transport === 'tcp' ? ` from ${client.address}` : '';
    const who = nameOfPrincipal(access.principalOf(request.raw));
    const path = clip(request.url.split('?')[0] ?? '');
    audit({
      type: 'change',
      ...subjectOf(request, catalog.snapshot, daemon.identity().environment),
      message: `${method} ${path} by ${who}${from}`,
    });
  });
}

function subjectOf(
  { params, query }: FastifyRequest,
  snapshot: Snapshot,
  environment: string,
): Pick<AuditEntry, 'subject' | 'place'> {
  const { id, stack, service } = params as Readonly<Partial<Record<'id' | 'stack' | 'service', string>>>;
  if (stack !== undefined && service !== undefined) {
    const { environment: own = environment } = query as { readonly environment?: string };
    const place = { environment: own, stack: stack.toLowerCase() };
    return { subject: serviceName({ ...place, service: service.toLowerCase() }), place };
  }
  if (id === undefined) return { subject: 'fairlead' };
  try {
    const task = findTask(snapshot, id);
    return { subject: task.name, place: placeOfTask(task) };
  } catch {
    // It is the id of a token, or of a task that is gone.
    return { subject: clip(id) };
  }
}
