import { readFileSync } from 'node:fs';
import { fileFault } from '../text/file-fault.js';
import { ConsulError, type ConsulAddress, type ConsulSecrets } from './consul-client.js';

/** The configured settings of an agent. Consul's own environment variables supply what is missing. */
export interface ConsulSettings {
  readonly address?: string | undefined;
  readonly token?: string | undefined;
  /** Paths. The files are read again while the daemon runs, so that a token or a certificate can be replaced. */
  readonly tokenFrom?: string | undefined;
  readonly caFile?: string | undefined;
  readonly certFile?: string | undefined;
  readonly keyFile?: string | undefined;
  readonly datacenter?: string | undefined;
}

const USUAL_ADDRESS = 'http://127.0.0.1:8500';

/**
 * How to reach an agent: by the settings, otherwise by `CONSUL_HTTP_ADDR`, `CONSUL_HTTP_SSL`, `CONSUL_HTTP_TOKEN`,
 * `CONSUL_HTTP_TOKEN_FILE`, `CONSUL_CACERT`, `CONSUL_CLIENT_CERT` and `CONSUL_CLIENT_KEY`.
 */
export function consulAddress(settings: ConsulSettings, env: NodeJS.ProcessEnv): ConsulAddress {
  const said = (name: string) => (env[name] === '' ? undefined : env[name]);
  const tokenFrom = settings.tokenFrom ?? said('CONSUL_HTTP_TOKEN_FILE');
  const token = settings.token ?? (settings.tokenFrom === undefined ? said('CONSUL_HTTP_TOKEN') : undefined);
  const files = {
    ca: settings.caFile ?? said('CONSUL_CACERT'),
    cert: settings.certFile ?? said('CONSUL_CLIENT_CERT'),
    key: settings.keyFile ?? said('CONSUL_CLIENT_KEY'),
  };
  return {
    address: settings.address ?? fromVariable(said('CONSUL_HTTP_ADDR'), said('CONSUL_HTTP_SSL')),
    datacenter: settings.datacenter,
    secrets: (): ConsulSecrets => {
      const found = token ?? (tokenFrom === undefined ? undefined : read(tokenFrom).trim());
      const pems = Object.entries(files).flatMap(([name, path]) =>
        path === undefined ? [] : [[name, read(path)] as const],
      );
      return { ...(found !== undefined && { token: found }), tls: Object.fromEntries(pems) };
    },
  };
}

/** The variable may contain an address without a scheme: `127.0.0.1:8500`. */
function fromVariable(address: string | undefined, ssl: string | undefined): string {
  if (address === undefined) return USUAL_ADDRESS;
  if (/^https?:\/\//.test(address)) return address;
  return `${ssl === 'true' || ssl === '1' ? 'https' : 'http'}://${address}`;
}

/** @throws ConsulError that names the file */
function read(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    throw new ConsulError(`${path}: ${fileFault(error)}`);
  }
}
