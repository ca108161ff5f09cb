import { quote } from '../../template/quote.js';
import { FunctionError } from '../../template/template-error.js';
import { ANY_MAP, STRING } from '../../template/types.js';
import type { Value } from '../../template/value.js';
import { anyMap } from '../../template/go-values.js';
import { entriesOf, named, type Named } from './sprig-values.js';

interface Parts {
  scheme: string;
  opaque: string;
  userinfo: string;
  host: string;
  path: string;
  query: string;
  fragment: string;
}

/** Go's `url.Parse`, by RFC 3986. @throws FunctionError */
function parse(url: string): Parts {
  const fail = (why: string) => new FunctionError(`unable to parse url: parse ${quote(url)}: ${why}`);
  // eslint-disable-next-line no-control-regex -- Go refuses control characters in URLs
  if (/[\x00-\x1f\x7f]/.test(url)) throw fail('net/url: invalid control character in URL');
  const [, body = '', fragment = ''] = /^([^#]*)(?:#(.*))?$/s.exec(url) ?? [];
  const [, before = '', query = ''] = /^([^?]*)(?:\?(.*))?$/s.exec(body) ?? [];
  if (before.startsWith(':')) throw fail('missing protocol scheme');
  const found = /^([a-zA-Z][a-zA-Z0-9+.-]*):(.*)$/s.exec(before);
  const scheme = (found?.[1] ?? '').toLowerCase();
  const rest = found?.[2] ?? before;
  if (scheme !== '' && !rest.startsWith('/'))
    return {
      scheme,
      opaque: rest,
      userinfo: '',
      host: '',
      path: '',
      query,
      fragment: decoded(fragment, fail),
    };
  if (scheme === '' && /^[^/]*:/.test(rest)) throw fail('first path segment in URL cannot contain colon');
  const [, authority, path = ''] = /^(?:\/\/([^/]*))?(.*)$/s.exec(rest) ?? [];
  const at = (authority ?? '').lastIndexOf('@');
  const host = (authority ?? '').slice(at + 1);
  const odd = /[ \\^`{|}]/.exec(host)?.[0];
  if (odd !== undefined) throw fail(`invalid character ${quote(odd)} in host name`);
  const port = /:([^:\]]*)$/.exec(host)?.[1];
  if (port !== undefined && !/^\d*$/.test(port)) throw fail(`invalid port ${quote(`:${port}`)} after host`);
  return {
    scheme,
    opaque: '',
    userinfo: at < 0 ? '' : (authority ?? '').slice(0, at),
    host: decoded(host, fail),
    path: decoded(path, fail),
    query,
    fragment: decoded(fragment, fail),
  };
}

function decoded(text: string, fail: (why: string) => FunctionError): string {
  const bad = /%(?![0-9a-fA-F]{2}).{0,2}/s.exec(text)?.[0];
  if (bad !== undefined) throw fail(`invalid URL escape ${quote(bad)}`);
  try {
    return decodeURIComponent(text);
  } catch {
    throw fail('the escapes are not UTF-8');
  }
}

function hostname(host: string): string {
  if (host.startsWith('[')) return host.slice(1, host.indexOf(']') < 0 ? undefined : host.indexOf(']'));
  return host.replace(/:\d*$/, '');
}

/** Percent signs for what may not stand in a path or a fragment. */
function encoded(text: string, allowed: RegExp): string {
  return Array.from(text, (char) => (allowed.test(char) ? char : encodeURIComponent(char))).join('');
}

const PATH = /[A-Za-z0-9\-_.~$&+,/:;=@]/;
const FRAGMENT = /[A-Za-z0-9\-_.~$&+,/:;=?@!()*]/;

function join(parts: Parts): string {
  const { scheme, opaque, userinfo, host, query, fragment } = parts;
  let out = scheme === '' ? '' : `${scheme}:`;
  if (opaque === '') {
    if (scheme !== '' || host !== '' || userinfo !== '') {
      if (host !== '' || parts.path !== '' || userinfo !== '') out += '//';
      if (userinfo !== '') out += `${userinfo}@`;
      out += host;
    }
    const path = encoded(parts.path, PATH);
    if (path !== '' && !path.startsWith('/') && host !== '') out += '/';
    if (out === '' && /^[^/]*:/.test(path)) out += './';
    out += path;
  } else out += opaque;
  if (query !== '') out += `?${query}`;
  return fragment === '' ? out : `${out}#${encoded(fragment, FRAGMENT)}`;
}

function partsOf(map: Value): Parts {
  const entries = entriesOf(map);
  const text = (key: keyof Parts): string => {
    const value = entries.get(key);
    if (value === undefined) return '';
    if (typeof value === 'string') return value;
    throw new FunctionError(`unable to parse ${key} key, must be of type string`);
  };
  return {
    scheme: text('scheme'),
    opaque: text('opaque'),
    userinfo: text('userinfo'),
    host: text('host'),
    path: text('path'),
    query: text('query'),
    fragment: text('fragment'),
  };
}

/** Sprig's functions on URLs. */
export const SPRIG_URL: readonly Named[] = [
  named('urlParse', [STRING], ([value]) => {
    const parts = parse(typeof value === 'string' ? value : '');
    return anyMap([...Object.entries(parts), ['hostname', hostname(parts.host)]]);
  }),
  named('urlJoin', [ANY_MAP], ([map]) => join(partsOf(map))),
];
