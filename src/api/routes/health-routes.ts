import type { FastifyInstance } from 'fastify';
import type { Access } from '../access/api-access.js';
import { Params } from '../params.js';
import type { ApiPorts } from '../ports.js';
import type { ReadyJson } from '../types/resources.js';

/** `/healthz`: the process is alive. `/readyz`: it can give correct answers, which is checked with real queries. */
export function healthRoutes(
  app: FastifyInstance,
  ports: ApiPorts,
  access: Pick<Access, 'principalOf'>,
): void {
  // Load balancers and supervisors also probe with HEAD.
  const probe = { exposeHeadRoute: true };

  app.get('/healthz', probe, (request, reply) => {
    new Params(request.query, []);
    return reply.type('text/plain; charset=utf-8').send('ok\n');
  });

  app.get('/readyz', probe, async (request, reply) => {
    const verbose = new Params(request.query, ['verbose']).flag('verbose');
    const state = await readiness(ports);
    void reply.code(state.ready ? 200 : 503);
    // Probes that are not known learn only whether the daemon is ready.
    if (access.principalOf(request.raw).role === 'none')
      return reply.type('text/plain; charset=utf-8').send(state.ready ? 'ready\n' : 'not ready\n');
    if (verbose) return reply.send(state);
    const failed = state.checks.filter((check) => !check.ok).map((check) => check.message);
    return reply.type('text/plain; charset=utf-8').send(state.ready ? 'ready\n' : `${failed.join('\n')}\n`);
  });
}

async function readiness({ catalog, daemon }: ApiPorts): Promise<ReadyJson> {
  const { snapshot } = catalog;
  const { dns } = daemon.status();
  const loading = snapshot.sources
    .filter((source) => source.state === 'loading')
    .map((source) => source.name);
  const told = snapshot.sources.length - loading.length;
  const missing =
    snapshot.sources.length === 0 ? 'no source is configured' : `no facts yet from ${loading.join(', ')}`;
  const unanswered = await daemon.unanswered();
  const noUpstream = daemon.problems().find(({ code }) => code === 'no-upstream');
  const checks = [
    {
      name: 'catalog',
      ok: snapshot.loaded,
      message: !snapshot.loaded
        ? missing
        : `${told} sources have reported their facts${loading.length === 0 ? '' : `; ${missing}`}`,
    },
    {
      name: 'dns',
      ok: dns.ready && unanswered.length === 0,
      message: !dns.ready
        ? 'not all DNS addresses are bound yet'
        : unanswered.length > 0
          ? unanswered.join('; ')
          : `answers on ${dns.listen.join(', ')}`,
    },
    {
      name: 'upstreams',
      ok: noUpstream === undefined,
      message: noUpstream?.message ?? `${dns.upstreams.length} servers for other names`,
    },
  ];
  return { ready: checks.every((check) => check.ok), checks };
}
