import { z } from 'zod';
import { durationForm, durationPattern, parseDuration } from '../net/duration.js';
import { canonicalIp, parseCidr, parseHostPort, type Cidr, type HostPort } from '../net/ip.js';
import { labelFault, nameFault } from '../net/dns-labels.js';
import { parseRecord, type StaticRecord } from '../wire/static-record.js';
import { parseUpstream, type Upstream } from '../net/upstream.js';
import { vipPool } from '../net/vip-pool.js';
import { nearest } from '../text/nearest.js';
import { withoutLogin } from '../text/hidden.js';

/** Where the API listens: a unix socket, or an address. */
export type ApiListen =
  { readonly kind: 'unix'; readonly path: string } | ({ readonly kind: 'tcp' } & HostPort);

const longestShown = 60;

/** Describes the given value, as the beginning of a sentence. */
function found(value: unknown): string {
  if (value === undefined) return 'is missing';
  if (value === null) return 'has no value';
  if (Array.isArray(value)) return 'is a list';
  if (typeof value === 'object') return 'is a mapping';
  // Quotes tell the text "5" from the number; JSON knows no NaN and no Infinity.
  const text = withoutLogin(typeof value === 'number' ? String(value) : JSON.stringify(value));
  return `is ${text.length > longestShown ? `${text.slice(0, longestShown)}...` : text}`;
}

/** The message for a wrong value; zod calls this when a check fails. */
export function must(expected: string): { error: (issue: { readonly input?: unknown }) => string } {
  return { error: ({ input }) => `${found(input)}; it must be ${expected}` };
}

/** The result of reading a text: the value, or what is wrong with the text (`expected` follows it in the message). */
type Reading<T> = { readonly value: T } | { readonly fault?: string };

/** A text with a meaning; `title` names its form in the JSON schema and in the reference. */
function text<T>(
  title: string,
  expected: string,
  read: (text: string) => Reading<T>,
  pattern?: RegExp,
): z.ZodPipe<z.ZodString, z.ZodTransform<T, string>> {
  return z
    .string(must(expected))
    .meta(pattern === undefined ? { title } : { title, pattern: pattern.source })
    .transform((input, context): T => {
      const reading = read(input);
      if ('value' in reading) return reading.value;
      const fault = reading.fault === undefined ? '' : `, which ${reading.fault}`;
      context.issues.push({
        code: 'custom',
        message: `${found(input)}${fault}; it must be ${expected}`,
        input,
      });
      return z.NEVER;
    });
}

const value = <T>(result: T | undefined): Reading<T> => (result === undefined ? {} : { value: result });

export function wholeNumber(min: number, max: number, unit: string) {
  const words = must(`a whole number of ${unit} from ${min} to ${max}`);
  return z
    .int(words)
    .min(min, words)
    .max(max, words)
    .meta({ title: `${unit}, ${min} to ${max}` });
}

/** A share of a whole, as a number. */
export function share() {
  const words = must('a share from 0 to 1, such as 0.5');
  return z.number(words).min(0, words).max(1, words).meta({ title: 'share, 0 to 1' });
}

export function yesOrNo() {
  return z.boolean(must('true or false')).meta({ title: 'true, false' });
}

export function oneOf<const Words extends readonly [string, ...string[]]>(words: Words) {
  return z
    .enum(words, {
      error: ({ input }) => {
        const near = typeof input === 'string' ? nearest(input, words) : undefined;
        const hint = near === undefined ? '' : `; did you mean ${near}?`;
        return `${found(input)}; it must be one of ${words.join(', ')}${hint}`;
      },
    })
    .meta({ title: words.join(', ') });
}

/** A duration in milliseconds. Bounds are durations too. */
export function duration(min: string, max: string) {
  const low = parseDuration(min) ?? 0;
  const high = parseDuration(max) ?? Infinity;
  return text(
    `duration, ${min} to ${max}`,
    `a duration from ${min} to ${max}, ${durationForm}`,
    (input) => {
      const parsed = parseDuration(input);
      return value(parsed !== undefined && parsed >= low && parsed <= high ? parsed : undefined);
    },
    durationPattern,
  );
}

export function domainName() {
  return text('DNS name', 'a DNS name without a trailing dot, such as rancher.internal', (input) => {
    const name = input.toLowerCase();
    if (name.endsWith('.')) return { fault: 'ends with a dot' };
    if (canonicalIp(name) !== undefined) return { fault: 'is an address' };
    const fault = nameFault(name);
    return fault === undefined ? { value: name } : { fault };
  });
}

/** A name or an address by which clients ask for this host. */
export function hostName() {
  return text(
    'name or address',
    'a DNS name or an address without a port, such as fairlead.example',
    (input) => {
      const name = input.toLowerCase();
      const ip = canonicalIp(name);
      if (ip !== undefined) return { value: ip };
      const fault = nameFault(name);
      return fault === undefined ? { value: name } : { fault };
    },
  );
}

export function dnsLabel() {
  return text('DNS label', 'one DNS label, such as production', (input) => {
    const label = input.toLowerCase();
    const fault = labelFault(label);
    return fault === undefined ? { value: label } : { fault };
  });
}

/** A path that is made absolute later, once it is known where it was written. */
export function path(what: string) {
  return text('path', `the path of ${what}`, (input) => {
    if (input.trim() === '') return {};
    return input.includes('\0') ? { fault: 'holds a NUL character' } : { value: input };
  });
}

/** The socket of a container engine; see {@link readEngineSocket}. */
export function engineSocket() {
  return text('path', ENGINE_SOCKET, readEngineSocket);
}

const ENGINE_SOCKET =
  "the engine's unix socket on this host, such as /var/run/docker.sock or unix:///var/run/docker.sock";

/**
 * Where an engine listens, as given in the file, the environment or `DOCKER_HOST`: a path, or a URL of the form
 * `unix:///path`. Other URLs lead to another host, or to something that is not a socket.
 */
export function readEngineSocket(input: string): Reading<string> {
  if (input.trim() === '') return {};
  if (input.includes('\0')) return { fault: 'holds a NUL character' };
  const [, scheme, rest = ''] = /^([a-z][a-z0-9+.-]*):(.*)$/i.exec(input) ?? [];
  if (scheme === undefined) return { value: input };
  if (scheme.toLowerCase() !== 'unix')
    return { fault: `uses ${scheme.toLowerCase()} instead of a unix socket` };
  const path = /^(?:\/\/)?(\/[^/].*)$/.exec(rest)?.[1];
  return path === undefined ? { fault: 'does not have an absolute path' } : { value: path };
}

const zoneFault = 'has a zone ("%"), which is not supported';

const isUnspecified = (ip: string) => ip === '0.0.0.0' || ip === '::';

export function address() {
  return text('IP address', 'one IP address of this host, such as 192.0.2.10', (input) => {
    if (input.includes('%')) return { fault: zoneFault };
    const ip = canonicalIp(input);
    return ip !== undefined && isUnspecified(ip)
      ? { fault: 'is not the address of a single host' }
      : value(ip);
  });
}

function readHostPort(input: string): Reading<HostPort> {
  return input.includes('%') ? { fault: zoneFault } : value(parseHostPort(input, 53));
}

/** Where the DNS server listens. */
export function listenAddress() {
  return text('ip[:port]', 'an IP address with a port, such as 169.254.169.250:53 or [::1]:53', readHostPort);
}

/** A DNS server to ask. */
export function upstream() {
  const expected =
    'an IP address, with a port unless it is 53, or tls://address#name for DNS over TLS, such as 192.0.2.1, [2001:db8::1]:5353 or tls://192.0.2.1#dns.example';
  return text('ip[:port] or tls://ip[:port][#name]', expected, (input): Reading<Upstream> => {
    if (input.includes('%')) return { fault: zoneFault };
    const parsed = parseUpstream(input);
    if (parsed === undefined) return {};
    if (isUnspecified(parsed.ip)) return { fault: 'is not an address that can be asked' };
    return parsed.port === 0 ? { fault: 'has port 0' } : { value: parsed };
  });
}

/** Why a text is not a suffix of names; undefined if it is one. */
function suffixFault(name: string): string | undefined {
  if (name === '' || name === '.') return 'is the root; use dns.upstreams for all other names';
  if (canonicalIp(name) !== undefined) return 'is an address';
  const isName = name.length <= 253 && name.split('.').every((label) => /^[a-z0-9_-]{1,63}$/.test(label));
  return isName ? undefined : 'is not a DNS name';
}

const withoutDot = (name: string) => name.toLowerCase().replace(/\.$/, '');

/** The end of names, such as `corp.example` or `10.in-addr.arpa`; leading and trailing dots are ignored. */
export function suffix() {
  return text('DNS suffix', 'the end of names, such as corp.example or 10.in-addr.arpa', (input) => {
    const name = withoutDot(input.replace(/^\.(?=.)/, ''));
    const fault = suffixFault(name);
    return fault === undefined ? { value: name } : { fault };
  });
}

/** A mapping from suffixes to values. */
export function bySuffix<Item extends z.ZodType>(item: Item, expected: string) {
  return z
    .record(z.string(), item, must(expected))
    .meta({ title: 'mapping from DNS suffix' })
    .transform((mapping, context) => {
      const result: Record<string, z.output<Item>> = {};
      for (const [key, value] of Object.entries(mapping)) {
        const name = withoutDot(key);
        const fault = suffixFault(name) ?? (Object.hasOwn(result, name) ? 'is listed twice' : undefined);
        if (fault === undefined) result[name] = value;
        else
          context.issues.push({
            code: 'custom',
            message: `${fault}; it must be ${expected}`,
            input: key,
            path: [key],
          });
      }
      return result;
    });
}

/** A record, written as in a zone file. */
export function record() {
  const expected = 'a record as in a zone file, such as "printer.lan 300 A 192.0.2.7"';
  return text('owner [ttl] type data', expected, (input): Reading<StaticRecord> => {
    const result = parseRecord(input);
    return result.ok ? { value: result.record } : { fault: result.fault };
  });
}

/** The URL of an HTTP API, without a path. */
export function httpAddress(example: string) {
  const expected = `an address such as ${example}`;
  return text('http://host:port', expected, (input) => {
    const isAddress = /^https?:\/\/[^/\s?#@]+\/?$/.test(input) && URL.canParse(input);
    return value(isAddress ? input.replace(/\/$/, '') : undefined);
  });
}

/**
 * A text that must not appear in any output, even if it is wrong. It is `writeOnly` in the JSON schema, which marks a
 * secret for the rest of Fairlead; see hide-secrets.ts.
 */
export function secretText(what: string, longest: number) {
  const expected = `${what}, of 1 to ${longest} bytes; its value is not shown`;
  const isFit = (input: string) => input !== '' && Buffer.byteLength(input) <= longest;
  return z
    .string({
      error: ({ input }) => `${isPlain(input) ? 'is not a text' : found(input)}; it must be ${expected}`,
    })
    .refine(isFit, {
      error: ({ input }) => `${input === '' ? 'is empty' : 'is too long'}; it must be ${expected}`,
    })
    .meta({ title: `text, up to ${longest} bytes`, writeOnly: true });
}

const isPlain = (input: unknown) => typeof input === 'number' || typeof input === 'boolean';

/** A short text for people. */
export function shortText(what: string, longest: number) {
  return text(`text, up to ${longest} bytes`, `${what}, of 1 to ${longest} bytes`, (input) =>
    value(input !== '' && Buffer.byteLength(input) <= longest ? input : undefined),
  );
}

export function subnet() {
  return text('CIDR', 'a subnet such as 10.42.0.0/16, or one address', (input): Reading<Cidr> => {
    return input.includes('%') ? { fault: zoneFault } : value(parseCidr(input));
  });
}

/** The addresses from which virtual IPs are leased. */
export function addressPool() {
  const expected = 'a subnet of IPv4 from /8 to /30, or of IPv6 from /104 to /126, such as 10.43.0.0/16';
  return text('CIDR', expected, (input) => value(input.includes('%') ? undefined : vipPool(input)?.text));
}

/** Where the API listens; the unix path is made absolute later. Which addresses need TLS is checked later, too. */
export function apiAddress() {
  const expected = 'unix:/path/of/a/socket, or an address with a port, such as 127.0.0.1:8053';
  return text('unix:path or ip:port', expected, (input): Reading<ApiListen> => {
    if (input.startsWith('unix:')) {
      const socket = input.slice('unix:'.length);
      if (socket.trim() === '' || socket.includes('\0')) return { fault: 'names no socket' };
      return { value: { kind: 'unix', path: socket } };
    }
    const address = parseHostPort(input, -1);
    if (address === undefined || input.includes('%')) return {};
    if (address.port < 0) return { fault: 'has no port' };
    return { value: { kind: 'tcp', ...address } };
  });
}
