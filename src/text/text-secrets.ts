import { HIDDEN, withoutLogin } from './hidden.js';

/** What a secret is called, wherever in a name it is: `DB_PASSWORD`, `api-key`, `accessToken`. */
const NAMES =
  'passw(?:or)?d|passphrase|pwd|secret|token|api[_-]?key|access[_-]?key|private[_-]?key|credential';
const NAME = new RegExp(NAMES, 'i');

// Labels are foreign text of up to 64 KiB: no pattern here looks at a character more than a bounded number of times.
const PATTERNS: readonly RegExp[] = [
  // Authorization: Bearer abc
  /(authorization["']?\s{0,4}[:=]\s{0,4})[^\r\n"';]+/gi,
  /\b((?:Bearer|Basic)\s{1,4})[\w.~+/-]{6,}={0,2}/g,
  // password=abc, "token": "abc"
  new RegExp(`((?:${NAMES})[\\w-]{0,40}["']?\\s{0,4}[=:]\\s{0,4}["']?)[^\\s&;,"']+`, 'gi'),
  // --password abc, ["--token", "abc"]
  new RegExp(`(--?[\\w-]{0,40}?(?:${NAMES})[\\w-]{0,40}["',\\s]{1,4})[^\\s"',-][^\\s"',]*`, 'gi'),
  // curl -u user:abc
  /((?:^|[\s"'])(?:-u|--user)["',=\s]{1,4})[^\s"',:]{1,256}:[^\s"',]+/g,
  // redis-cli -a abc, mysqladmin -pabc: the checks of many compose files
  /(redis-cli[^|;&\n]{0,200}?[\s"',]-a["',\s]{1,4})[^\s"',]+/g,
  /((?:mysql|mariadb)[^|;&\n]{0,200}?[\s"',]-p)[^\s"',]+/g,
];

/** A text without what looks like a secret in it: logins of URLs, tokens, passwords, credentials in headers. */
export function withoutSecrets(text: string): string {
  return PATTERNS.reduce((hidden, pattern) => hidden.replace(pattern, `$1${HIDDEN}`), withoutLogin(text));
}

/** Whether a name says that its value is a secret. */
export function namesSecret(name: string): boolean {
  return NAME.test(name);
}
