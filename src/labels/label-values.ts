import { parseBoolean } from '../net/boolean.js';
import { canonicalIp, isLinkLocal, isLoopback } from '../net/ip.js';
import { isReservedName } from '../net/reserved-names.js';
import { labelFault, nameFault } from '../net/dns-labels.js';
import { parseUpstream, type Upstream } from '../net/upstream.js';
import { readPortKey, type PortKey } from '../net/port-key.js';
import { quoted } from '../text/printable.js';

/**
 * The result of reading a label's value. `fault` says what is wrong and what to write instead. A list keeps its valid
 * items.
 */
export interface Reading<T> {
  readonly value: T;
  readonly fault?: string;
}

export function readBoolean<T = boolean>(text: string, otherwise: T): Reading<T | boolean> {
  const value = parseBoolean(text.trim());
  return value === undefined ? { value: otherwise, fault: 'must be true or false' } : { value };
}

export function readWeight(text: string): Reading<number> {
  const weight = Number(text.trim());
  if (/^\d{1,5}$/.test(text.trim()) && weight <= 65535) return { value: weight };
  return { value: 1, fault: 'is not a whole number from 0 to 65535' };
}

export function readEndpointMode(text: string): Reading<'dnsrr' | 'vip' | undefined> {
  const mode = text.trim().toLowerCase();
  return mode === 'dnsrr' || mode === 'vip'
    ? { value: mode }
    : { value: undefined, fault: 'must be dnsrr or vip' };
}

export function readVip(text: string): Reading<string | undefined> {
  const value = canonicalIp(text.trim());
  return value === undefined ? { value, fault: 'is not an IP address, such as 10.43.1.2' } : { value };
}

/** A port to which clients of the service connect, and the port on which the task listens. */
export interface LabelledPort extends PortKey {
  readonly target: number;
  readonly name?: string;
}

const portForm = /^(?:([^=]+)=)?\s*(?:(\d{1,5}):)?(\d{1,5}(?:\/[a-z]+)?)\s*(?:=([^=]+))?$/;

/** `http=80/tcp, 53/udp=dns, 8080:80` */
export function readPortList(text: string): Reading<readonly LabelledPort[]> {
  const seen = new Set<string>();
  return readList<LabelledPort>(text, (item) => {
    const match = portForm.exec(item.toLowerCase());
    const [, before, dialled, target = '', behind] = match ?? [];
    const listens = readPortKey(target);
    const offered = listens && readPortKey(`${dialled ?? listens.port}/${listens.protocol}`);
    if (!offered || (before !== undefined && behind !== undefined))
      return { fault: 'must be [name=]port[:target][/tcp, /udp or /sctp], with ports from 1 to 65535' };
    const key = `${offered.port}/${offered.protocol}`;
    if (seen.has(key)) return { fault: `lists the port ${key} twice` };
    seen.add(key);
    const port = { ...offered, target: listens.port };
    const name = (before ?? behind)?.trim();
    if (name === undefined) return { value: port };
    const fault = labelFault(name);
    return fault === undefined ? { value: { ...port, name } } : { fault: `has a port name that ${fault}` };
  });
}

/** `db=pg.other, cache=redis` */
export function readLinks(text: string): Reading<Readonly<Record<string, string>>> {
  const { value, ...rest } = readList<readonly [string, string]>(text, (item) => {
    const match = /^([^=]+)=([^=]+)$/.exec(item);
    const alias = match?.[1]?.trim().toLowerCase();
    const target = match?.[2]?.trim().toLowerCase();
    if (alias === undefined || target === undefined) return { fault: 'must be alias=target' };
    const fault = labelFault(alias) ?? nameFault(target);
    return fault === undefined ? { value: [alias, target] } : { fault };
  });
  return { value: Object.fromEntries(value), ...rest };
}

export const RESERVED = 'is reserved, because resolvers, browsers or Fairlead give it a meaning';

export function readNames(text: string): Reading<readonly string[]> {
  return readList(text, (item) => {
    const name = item.toLowerCase();
    const fault = nameFault(name) ?? (isReservedName(name) ? RESERVED : undefined);
    return fault === undefined ? { value: name } : { fault };
  });
}

/** `10.0.0.53, tls://10.0.0.54#dns.corp.example` */
export function readUpstreams(text: string): Reading<readonly Upstream[]> {
  return readList(text, (item) => {
    const value = parseUpstream(item);
    if (value === undefined) return { fault: 'must be ip[:port] or tls://ip[:port][#name]' };
    return isOfHost(value.ip) ? { fault: UPSTREAM_OF_HOST } : { value };
  });
}

const UPSTREAM_OF_HOST =
  'is a loopback or link-local address, so queries would go to services of the host itself; name a server of the network';

/** Whether an address leads to the daemon's own host, or to a service only for the host (cloud metadata). */
function isOfHost(ip: string): boolean {
  const bare = canonicalIp(ip) ?? ip;
  return isLoopback(bare) || isLinkLocal(bare) || bare === '0.0.0.0' || bare === '::';
}

/** More items than any hand-written label has; the rest of a longer list is ignored. */
const maxItems = 64;

type Item<T> = { readonly value: T } | { readonly fault: string };

function readList<T>(text: string, read: (item: string) => Item<T>): Reading<readonly T[]> {
  const items = text.split(',', maxItems + 1).map((item) => item.trim());
  const value: T[] = [];
  let fault = items.length > maxItems ? `has more than ${maxItems} items` : undefined;
  for (const item of items.slice(0, maxItems).filter((one) => one !== '')) {
    const one = read(item);
    if ('value' in one) value.push(one.value);
    else fault ??= `has an item ${quoted(item)} that ${one.fault}`;
  }
  return fault === undefined ? { value } : { value, fault };
}
