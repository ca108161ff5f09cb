import { HIDDEN } from '../text/hidden.js';
import { namesSecret, withoutSecrets } from '../text/text-secrets.js';

/**
 * What a label says, for outputs: without the values of headers, and without what looks like a secret.
 * @param label its key, or the key of a check in the configuration: `fairlead.health.http.headers`, `request_line`
 */
export function hideSecretsOf(label: string, text: string): string {
  if (namesSecret(label) || /authorization|cookie/i.test(label)) return HIDDEN;
  if (/headers?$/i.test(label)) return withoutValues(text);
  // Headers follow the version: `GET / HTTP/1.1\r\nAuthorization:\ Basic\ abc`.
  if (label.endsWith('request_line'))
    return withoutSecrets(text.replace(/(?:\\[rn]|[\r\n]).*$/s, ` ${HIDDEN}`));
  return withoutSecrets(text);
}

/** `Accept: ***; Authorization: ***`. Nothing is shown of what is not such a list. */
function withoutValues(headers: string): string {
  const names = headers.split(';').map((each) => /^\s*([\w-]+)\s*:/.exec(each)?.[1]);
  const shown = names.map((name) => (name === undefined ? HIDDEN : `${name}: ${HIDDEN}`));
  return shown.join('; ');
}

const known = new WeakMap<Readonly<Record<string, string>>, Readonly<Record<string, string>>>();

/** Labels for outputs; see {@link hideSecretsOf}. The same object for the same labels. */
export function hideLabelSecrets(labels: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  let hidden = known.get(labels);
  if (hidden === undefined) {
    const entries = Object.entries(labels).map(([key, text]) => [key, hideSecretsOf(key, text)] as const);
    hidden = Object.fromEntries(entries);
    known.set(labels, hidden);
  }
  return hidden;
}
