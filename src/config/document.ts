import { formatDuration } from '../net/duration.js';
import { formatHostPort } from '../net/ip.js';
import { formatRecord } from '../wire/static-record.js';
import { formatUpstream } from '../net/upstream.js';
import type { Config } from './config-model.js';
import { mapInstances } from './source-instances.js';
import type { ApiListen } from './value-schemas.js';

function apiText(listen: ApiListen): string {
  return listen.kind === 'unix' ? `unix:${listen.path}` : formatHostPort(listen);
}

function waitText({ min, max }: Config['render']['wait']) {
  return { min: formatDuration(min), max: formatDuration(max) };
}

/** The complete configuration as it would be written in a file. Reading it again gives the same configuration. */
export function configDocument(config: Config): Record<string, unknown> {
  const { dns, sources, publishers, vip, balancing, health, render, api } = config;
  return {
    domain: config.domain,
    environment: config.environment,
    isolation: config.isolation,
    state: config.state,
    log: { ...config.log },
    host: { ...config.host },
    dns: {
      listen: dns.listen.map(formatHostPort),
      ttl: dns.ttl,
      negativeTtl: dns.negativeTtl,
      upstreams: dns.upstreams === 'system' ? 'system' : dns.upstreams.map(formatUpstream),
      upstreamTimeout: formatDuration(dns.upstreamTimeout),
      ...(dns.upstreamCa !== undefined && { upstreamCa: dns.upstreamCa }),
      forward: Object.fromEntries(
        Object.entries(dns.forward).map(([suffix, servers]) => [suffix, servers.map(formatUpstream)]),
      ),
      records: dns.records.map(formatRecord),
      maxForwardsPerClient: dns.maxForwardsPerClient,
      cacheSize: dns.cacheSize,
      ...(dns.rebindProtection && { rebindProtection: { allow: [...dns.rebindProtection.allow] } }),
      ...(dns.allow && { allow: dns.allow.map((cidr) => cidr.text) }),
      rateLimit: dns.rateLimit,
      ...(dns.queryLog && { queryLog: { ...dns.queryLog, classes: [...dns.queryLog.classes] } }),
      privacy: dns.privacy,
      native: dns.native,
      workers: dns.workers,
      realTime: dns.realTime,
      ...(dns.nsid !== undefined && { nsid: dns.nsid }),
      ...(dns.topLevelDomains !== undefined && { topLevelDomains: dns.topLevelDomains }),
    },
    sources: {
      ...(sources.docker && {
        docker: mapInstances(sources.docker, ({ resync, ...rest }) => {
          return { ...rest, resync: formatDuration(resync) };
        }),
      }),
      ...(sources.file && { file: mapInstances(sources.file, (each) => ({ ...each })) }),
      ...(sources.consul && { consul: mapInstances(sources.consul, (each) => ({ ...each })) }),
    },
    publishers: {
      ...(publishers.consul && { consul: mapInstances(publishers.consul, (each) => ({ ...each })) }),
    },
    vip: vip
      ? { ...vip, release: formatDuration(vip.release), external: vip.external.map(({ text }) => text) }
      : false,
    balancing: {
      ...balancing,
      affinity: formatDuration(balancing.affinity * 1000),
      idleTimeout: formatDuration(balancing.idleTimeout),
      drainTimeout: formatDuration(balancing.drainTimeout),
      slowStart: formatDuration(balancing.slowStart),
    },
    health: { ...health },
    render: {
      ...render,
      wait: waitText(render.wait),
      ...(render.exec && {
        exec: {
          ...render.exec,
          killTimeout: formatDuration(render.exec.killTimeout),
          splay: formatDuration(render.exec.splay),
        },
      }),
      templates: render.templates.map(({ commandTimeout, wait, ...rest }) => ({
        ...rest,
        commandTimeout: formatDuration(commandTimeout),
        ...(wait !== undefined && { wait: waitText(wait) }),
      })),
    },
    api: { ...api, listen: api.listen.map(apiText) },
  };
}
