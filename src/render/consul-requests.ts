import type { Query } from './queries.js';

/** What Consul's API is asked. */
export interface ConsulRequest {
  /** Below `/v1`. */
  readonly path: string;
  readonly parameters: Readonly<Record<string, string>>;
  /** Whether "not found" is an answer. */
  readonly mayBeMissing: boolean;
}

/** The request that answers a query. */
export function requestOf(query: Query): ConsulRequest {
  const parameters = {
    ...('datacenter' in query && query.datacenter !== undefined && { dc: query.datacenter }),
    ...('near' in query && query.near !== undefined && { near: query.near }),
  };
  const request = (path: string, more: Readonly<Record<string, string>> = {}): ConsulRequest => ({
    ...{ path, mayBeMissing: false },
    parameters: { ...parameters, ...more },
  });
  switch (query.kind) {
    case 'service': {
      const arePassing = query.filters.length === 0 || query.filters.join() === 'passing';
      return request(`/health/${query.connect ? 'connect' : 'service'}/${encodeURIComponent(query.name)}`, {
        ...(query.tag !== undefined && { tag: query.tag }),
        ...(arePassing && { passing: '1' }),
      });
    }
    case 'services':
    case 'nodes':
    case 'datacenters':
      return request(`/catalog/${query.kind}`);
    case 'node':
      return request(`/catalog/node/${encodeURIComponent(query.name ?? '')}`);
    case 'key':
    case 'keyExists':
      return { ...request(`/kv/${encodeKey(query.path)}`), mayBeMissing: true };
    case 'keys':
      return { ...request(`/kv/${encodeKey(query.path)}`, { recurse: '' }), mayBeMissing: true };
    case 'file':
    case 'model':
      throw new TypeError(`Consul is not asked for ${query.kind}`);
  }
}

function encodeKey(key: string): string {
  return key.split('/').map(encodeURIComponent).join('/');
}
