import { CliError } from './exit-codes.js';

/** consul-template's code for wrong flags. */
export const WRONG_FLAGS = 13;

/** Flags of consul-template that change nothing here, and whether a value belongs to them. */
const PASSED_OVER: ReadonlyMap<string, 'value' | 'switch'> = new Map([
  // Many hosts share one subscription here, whatever the number of templates.
  ...switches('dedup', 'consul-retry', 'template-error-fatal', 'err-on-failed-lookup', 'syslog'),
  ...switches('consul-transport-disable-keep-alives', 'consul-ssl-verify'),
  ...values('max-stale', 'block-query-wait', 'consul-namespace', 'consul-retry-backoff'),
  ...values('consul-retry-max-backoff', 'consul-transport-dial-keep-alive', 'consul-transport-dial-timeout'),
  ...values('consul-transport-max-idle-conns-per-host', 'consul-transport-tls-handshake-timeout'),
  ...values('log-level', 'log-file', 'log-rotate-bytes', 'log-rotate-duration', 'log-rotate-max-files'),
  ...values('syslog-facility', 'syslog-name'),
]);

function switches(...names: string[]): [string, 'switch'][] {
  return names.map((name) => [name, 'switch']);
}

function values(...names: string[]): [string, 'value'][] {
  return names.map((name) => [name, 'value']);
}

/** Flags of consul-template that would have to do something that is not done here. */
const REFUSED: readonly (readonly [RegExp, string])[] = [
  [/^vault-/, 'Vault is not supported; render secrets with another tool'],
  [/^nomad-/, 'Nomad is not supported'],
  [
    /^consul-ssl/,
    'is not supported; give an https:// address, and CONSUL_CACERT, CONSUL_CLIENT_CERT and CONSUL_CLIENT_KEY for certificates of your own',
  ],
];

/**
 * consul-template's way to write flags in the parser's: `-once` and `-once=true` for `--once`, `-wait 5s` for `--wait
 * 5s`.
 * @throws CliError for flags that cannot be done here
 */
export function consulTemplateFlags(argv: readonly string[]): string[] {
  const out: string[] = [];
  for (let at = 0; at < argv.length; at += 1) {
    const word = argv[at] ?? '';
    const flag = /^--?([a-z]{2,}[a-z-]*)(?:=(.*))?$/s.exec(word);
    if (flag === null) {
      out.push(word);
      continue;
    }
    const [, name = '', value] = flag;
    const passed = PASSED_OVER.get(name);
    if (passed !== undefined) {
      if (passed === 'value' && value === undefined) at += 1;
      continue;
    }
    const refused = REFUSED.find(([form]) => form.test(name));
    if (refused !== undefined) throw new CliError(WRONG_FLAGS, `-${name}: ${refused[1]}`);
    if (value === 'false' && SWITCHES.has(name)) continue;
    out.push(
      value === undefined || (value === 'true' && SWITCHES.has(name)) ? `--${name}` : `--${name}=${value}`,
    );
  }
  return out;
}

/** Switches that Go's flags allow to be written with `=true`. */
const SWITCHES: ReadonlySet<string> = new Set(['once', 'dry', 'parse-only']);
