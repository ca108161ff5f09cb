import { ConsulError, type ConsulAnswer } from '../../consul/consul-client.js';
import { isMapping } from '../../text/yaml.js';

/**
 * Consul answers a token without rights with an empty list, which looks like a catalog that has lost everything. Its
 * own service, `consul`, is always there. @throws ConsulError
 */
export function checkRights(isList: boolean, { body, isFiltered = false }: ConsulAnswer): void {
  const isEmpty = isMapping(body) ? Object.keys(body).length === 0 : Array.isArray(body) && body.length === 0;
  if (!isEmpty || !(isList || isFiltered)) return;
  throw new ConsulError(
    'Consul shows no services, not even its own; the token has no right to read them; add service_prefix "" { policy = "read" } and node_prefix "" { policy = "read" } to its policy, or give another token',
    403,
  );
}
