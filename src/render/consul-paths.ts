import type { Query } from './queries.js';

/** The path of Consul's API that answers a query. */
export function pathOf(query: Query): string {
  const options = new URLSearchParams();
  if ('datacenter' in query && query.datacenter !== undefined) options.set('dc', query.datacenter);
  if ('near' in query && query.near !== undefined) options.set('near', query.near);
  const path = () => {
    switch (query.kind) {
      case 'service':
        if (query.tag !== undefined) options.set('tag', query.tag);
        if (query.filters.length === 0 || query.filters.join() === 'passing') options.set('passing', '1');
        return `/v1/health/${query.connect ? 'connect' : 'service'}/${encodeURIComponent(query.name)}`;
      case 'services':
      case 'nodes':
      case 'datacenters':
        return `/v1/catalog/${query.kind}`;
      case 'node':
        // A query without a node name means the agent's own node. No path accepts `_agent`, so its name is requested
        // first.
        return query.name === undefined
          ? '/v1/agent/self'
          : `/v1/catalog/node/${encodeURIComponent(query.name)}`;
      case 'key':
      case 'keyExists':
        return `/v1/kv/${encodeKey(query.path)}`;
      case 'keys':
        options.set('recurse', '');
        return `/v1/kv/${encodeKey(query.path)}`;
      case 'file':
      case 'model':
        return '/';
    }
  };
  const text = path();
  return options.size === 0 ? text : `${text}?${options.toString()}`;
}

function encodeKey(key: string): string {
  return key.split('/').map(encodeURIComponent).join('/');
}
