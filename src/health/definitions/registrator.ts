import { readRegistratorKey } from '../../labels/registrator-keys.js';
import { buildCheck, type Definition, type Field, type Note, type Written } from './build.js';

/**
 * Registrator's keys in its order of precedence (gliderlabs/registrator consul/consul.go:97-137); the first one
 * decides. CMD and SCRIPT run in the container here. With registrator they ran beside the Consul agent.
 */
const kinds = [
  { key: 'HTTP', type: 'http', value: 'http.path' },
  { key: 'HTTPS', type: 'https', value: 'http.path' },
  { key: 'CMD', type: 'exec', value: 'exec' },
  { key: 'SCRIPT', type: 'exec', value: 'exec' },
  { key: 'TTL', type: 'ttl', value: 'interval' },
  { key: 'TCP', type: 'tcp', value: undefined },
  { key: 'GRPC', type: 'grpc', value: undefined },
] as const;

/** Further known keys; the last three are only for Consul. */
const companions = [
  'HTTP_METHOD',
  'HTTPS_METHOD',
  'GRPC_USE_TLS',
  'INTERVAL',
  'TIMEOUT',
  'TLS_SKIP_VERIFY',
  'INITIAL_STATUS',
  'DEREGISTER_AFTER',
] as const;

const known: ReadonlySet<string> = new Set([...kinds.map(({ key }) => key), ...companions]);

/** Consul's defaults: one result decides; every 10 s (registrator's default); 10 s to answer. */
const consulTiming = { interval: 10_000, timeout: 10_000, rise: 1, fall: 1 };

/**
 * The check that registrator's `SERVICE_CHECK_*` and `SERVICE_<port>_CHECK_*` define. A key with a port wins over one
 * without. A task has one check: that of its lowest port with a check.
 * @param port the lowest TCP port of the task
 * @returns undefined if there is no such label
 */
export function checkFromRegistrator(
  labels: Readonly<Record<string, string>>,
  port: number | undefined,
): Definition | undefined {
  const written = Object.entries(labels);
  if (written.length === 0) return undefined;
  const general = new Map<string, Written>();
  const byPort = new Map<number, Map<string, Written>>();
  for (const [key, text] of written) {
    const { name: word, port: own } = readRegistratorKey(key) ?? {};
    const name = word?.startsWith('CHECK_') === true ? word.slice('CHECK_'.length) : '';
    if (!known.has(name)) continue;
    const group = own === undefined ? general : (byPort.get(own) ?? new Map<string, Written>());
    if (own !== undefined) byPort.set(own, group);
    group.set(name, { text, key });
  }
  const ports = [...byPort.keys()].sort((a, b) => a - b);
  const hasKind = (group: ReadonlyMap<string, Written>): boolean => kinds.some(({ key }) => group.has(key));
  const first = ports.find((each) => hasKind(byPort.get(each) ?? general));
  if (first === undefined && !hasKind(general)) return undefined;
  const own = first ?? port;
  const keys = new Map([...general, ...((first !== undefined && byPort.get(first)) || [])]);
  const definition = build(keys, own);
  const others = ports.filter((each) => each !== first && hasKind(byPort.get(each) ?? general));
  const notes: Note[] = others.map((other) => ({
    key: `SERVICE_${other}_CHECK_*`,
    message: `is not used, because a task has one check, and that of port ${first ?? 0} wins; remove it`,
    fatal: false,
  }));
  return { ...definition, notes: [...definition.notes, ...notes] };
}

function build(keys: ReadonlyMap<string, Written>, port: number | undefined): Definition {
  const kind = kinds.find(({ key }) => keys.has(key));
  const main = kind && keys.get(kind.key);
  if (kind === undefined || main === undefined) return { notes: [] };
  const written = new Map<Field, Written>();
  const put = (field: Field, from: Written | undefined): void => {
    if (from !== undefined) written.set(field, from);
  };
  put('interval', keys.get('INTERVAL'));
  put('timeout', keys.get('TIMEOUT'));
  put('http.method', keys.get(`${kind.key}_METHOD`));
  if (kind.type === 'grpc') put('grpc.tls', keys.get('GRPC_USE_TLS'));
  written.set('type', { text: kind.type, key: main.key });
  if (kind.value !== undefined) written.set(kind.value, main);
  return buildCheck(written, { from: `label ${main.key}`, timing: consulTiming, port });
}
