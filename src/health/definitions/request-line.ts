import { quoted } from '../../text/printable.js';
import { readHeaders, readHost, readMethod, readPath, readVersion, type Reading } from './check-values.js';

/** The parts of Rancher's `request_line`. */
export interface RequestLine {
  readonly method: string;
  readonly path: string;
  readonly version: '1.0' | '1.1';
  readonly host?: string;
  readonly headers: Readonly<Record<string, string>>;
}

/**
 * Reads Rancher's `request_line`, the argument of HAProxy's `option httpchk`: `GET /healthz "HTTP/1.0"`. One word is a
 * path, requested with OPTIONS; two words are method and path; the default version is 1.0. Headers may follow the
 * version in HAProxy's old syntax: `GET / HTTP/1.1\r\nHost:\ www.example.com`.
 */
export function readRequestLine(text: string): Reading<RequestLine> {
  const words = splitWords(text);
  if (words === undefined) return fault('has a quote that is not closed');
  if (words.length === 0 || words.length > 3)
    return fault('is not a request line; write it as GET /healthz "HTTP/1.0"');
  const [methodWord = '', pathWord = '', versionWord = '1.0'] =
    words.length === 1 ? ['OPTIONS', ...words] : words;
  const [versionText = '', ...lines] = versionWord.split('\r\n');
  const method = readMethod(methodWord);
  const path = readPath(pathWord);
  const version = readVersion(versionText);
  if (!method.ok) return fault(`has the method ${quoted(methodWord)}, which ${method.fault}`);
  if (!path.ok) return fault(`has the path ${quoted(pathWord)}, which ${path.fault}`);
  if (!version.ok) return fault(`has the version ${quoted(versionText)}, which ${version.fault}`);
  const isHost = (line: string): boolean => /^host\s*:/i.test(line);
  const hostLine = lines.find(isHost);
  const host =
    hostLine === undefined ? undefined : readHost(hostLine.slice(hostLine.indexOf(':') + 1).trim());
  if (host?.ok === false) return fault(`has a Host header that ${host.fault}`);
  // Every request closes the connection anyway, so this header changes nothing.
  const others = lines.filter(
    (line) => line !== '' && !isHost(line) && !/^connection\s*:\s*close$/i.test(line),
  );
  const headers = readHeaders(others.join(';'));
  if (!headers.ok) return fault(`has a header that ${headers.fault}`);
  return {
    ok: true,
    value: {
      method: method.value,
      path: path.value,
      version: version.value,
      ...(host && { host: host.value }),
      headers: headers.value,
    },
  };
}

const fault = (text: string): { readonly ok: false; readonly fault: string } => ({ ok: false, fault: text });

/** Splits into words at blanks. Quotes keep blanks, a backslash keeps the next character, `\r\n` is a line end. */
function splitWords(text: string): string[] | undefined {
  const words: string[] = [];
  let word: string | undefined;
  let quote = '';
  for (let at = 0; at < text.length; at++) {
    const char = text.charAt(at);
    if (char === '\\' && quote !== "'") {
      const next = text.charAt(++at);
      word = (word ?? '') + (next === 'r' ? '\r' : next === 'n' ? '\n' : next);
    } else if (quote !== '') {
      if (char === quote) quote = '';
      else word = (word ?? '') + char;
    } else if (char === '"' || char === "'") {
      quote = char;
      word ??= '';
    } else if (char === ' ' || char === '\t') {
      if (word !== undefined) words.push(word);
      word = undefined;
    } else {
      word = (word ?? '') + char;
    }
  }
  if (word !== undefined) words.push(word);
  return quote === '' ? words : undefined;
}
