import { ipFromBytes, parseCidr } from '../../net/ip.js';
import { quote } from '../../template/quote.js';
import { FunctionError } from '../../template/template-error.js';
import { ADDRESS_BLOCKS, NOT_FORWARDED } from './address-blocks.js';
import { addressNumber, type InterfaceAddress } from './host-interfaces.js';
import { regex } from './regex.js';

/** Which of a list match, and which do not. One may be in both when several conditions are given. */
interface Split {
  readonly matched: readonly InterfaceAddress[];
  readonly rest: readonly InterfaceAddress[];
}

type Test = (each: InterfaceAddress) => boolean;

function split(list: readonly InterfaceAddress[], test: Test): Split {
  return { matched: list.filter(test), rest: list.filter((each) => !test(each)) };
}

/** The address as text, without its prefix. */
export function addressText(address: bigint, family: 4 | 6): string {
  const digits = address.toString(16).padStart(family === 4 ? 8 : 32, '0');
  return ipFromBytes(Buffer.from(digits, 'hex')) ?? '';
}

/** `10.0.0.1/24`; a host's own prefix is left out. */
export function interfaceText({ address, family, prefix }: InterfaceAddress): string {
  const text = addressText(address, family);
  return prefix === (family === 4 ? 32 : 128) ? text : `${text}/${prefix}`;
}

function within(each: InterfaceAddress, block: string): boolean {
  const [network = '', bits = ''] = block.split('/');
  const parsed = parseCidr(block.includes('/') ? block : `${block}/${block.includes(':') ? 128 : 32}`);
  const family = network.includes(':') ? 6 : 4;
  if (parsed === undefined || family !== each.family) return false;
  const width = family === 4 ? 32 : 128;
  const prefix = bits === '' ? width : Number(bits);
  const shift = BigInt(width - prefix);
  const whole = each.prefix >= prefix;
  return whole && each.address >> shift === addressNumber(parsed.text.split('/')[0] ?? network) >> shift;
}

/** Whether an RFC reserves the block that an address is in. @throws FunctionError for an RFC without blocks */
export function isOfRfc(rfc: number, each: InterfaceAddress): boolean {
  const blocks = ADDRESS_BLOCKS[rfc];
  if (blocks === undefined) throw new FunctionError(`unsupported RFC ${rfc}`);
  return blocks.some((block) => within(each, block));
}

const inBlock =
  (...blocks: readonly string[]): Test =>
  (each) =>
    blocks.some((block) => within({ ...each, prefix: each.family === 4 ? 32 : 128 }, block));

const LOOPBACK = inBlock('127.0.0.0/8', '::1');
const MULTICAST = inBlock('224.0.0.0/4', 'ff00::/8');
const UNSPECIFIED = inBlock('0.0.0.0', '::');
const LINK_LOCAL = inBlock('169.254.0.0/16', 'fe80::/10');
const BROADCAST = inBlock('255.255.255.255');

/** Flags of interfaces, and what is asked of the address itself. An address matches when all flags, or one of the latter, do. */
const INTERFACE_FLAGS: Readonly<Record<string, string | undefined>> = {
  broadcast: 'broadcast',
  loopback: 'loopback',
  multicast: 'multicast',
  'point-to-point': 'pointtopoint',
  up: 'up',
};

const ADDRESS_FLAGS: Readonly<Record<string, Test | undefined>> = {
  forwardable: (each) => !isOfRfc(NOT_FORWARDED, each),
  'global unicast': (each) =>
    ![LOOPBACK, MULTICAST, UNSPECIFIED, LINK_LOCAL, BROADCAST].some((test) => test(each)),
  'interface-local multicast': inBlock('ff01::/16'),
  'link-local multicast': inBlock('224.0.0.0/24', 'ff02::/16'),
  'link-local unicast': LINK_LOCAL,
  loopback: LOOPBACK,
  multicast: MULTICAST,
  unspecified: UNSPECIFIED,
};

function byFlags(words: string, list: readonly InterfaceAddress[]): Split {
  const names = words.toLowerCase().split('|');
  const flags: string[] = [];
  const tests: Test[] = [];
  for (const name of names) {
    const flag = Object.hasOwn(INTERFACE_FLAGS, name) ? INTERFACE_FLAGS[name] : undefined;
    const test = Object.hasOwn(ADDRESS_FLAGS, name) ? ADDRESS_FLAGS[name] : undefined;
    if (flag === undefined && test === undefined && name !== 'down')
      throw new FunctionError(`Unknown interface flag: ${quote(name)}`);
    if (flag !== undefined) flags.push(flag);
    if (test !== undefined) tests.push(test);
  }
  const asksInterface = flags.length > 0 || names.includes('down');
  return split(
    list,
    (each) =>
      (asksInterface && flags.every((flag) => each.flags.includes(flag))) || tests.some((test) => test(each)),
  );
}

/** An interface has no address of a unix socket. */
const FAMILIES: ReadonlyMap<string, readonly number[]> = new Map([
  ['ip', [4, 6]],
  ['ipv4', [4]],
  ['ipv6', [6]],
  ['unix', []],
]);

function byType(words: string, list: readonly InterfaceAddress[]): Split {
  const families = words
    .toLowerCase()
    .split('|')
    .flatMap((type) => {
      const found = FAMILIES.get(type);
      if (found === undefined) throw new FunctionError(`unsupported type ${quote(type)} ${quote(words)}`);
      return found;
    });
  return split(list, ({ family }) => families.includes(family));
}

/** Several conditions with `|` between them: each adds what it matches. */
function byEach(words: string, list: readonly InterfaceAddress[], testOf: (word: string) => Test): Split {
  const splits = words.split('|').map((word) => split(list, testOf(word)));
  return { matched: splits.flatMap(({ matched }) => matched), rest: splits.flatMap(({ rest }) => rest) };
}

function numberOf(text: string, what: string): number {
  if (/^\d+$/.test(text)) return Number(text);
  throw new FunctionError(`unable to parse ${what} ${quote(text)}`);
}

/** The selectors of `include` and `exclude`, of go-sockaddr. @throws FunctionError */
export function select(selector: string, value: string, list: readonly InterfaceAddress[]): Split {
  const matching = (textOf: (each: InterfaceAddress) => string) => {
    const form = regex(value);
    return split(list, (each) => form.matcher(textOf(each)).find());
  };
  switch (selector.toLowerCase()) {
    case 'address':
      return matching(interfaceText);
    case 'name':
      return matching(({ name }) => name);
    case 'port':
      // Addresses of interfaces have none.
      return matching(() => '0');
    case 'flag':
    case 'flags':
      return byFlags(value, list);
    case 'type':
      return byType(value, list);
    case 'size': {
      const size = numberOf(value, 'mask size');
      return split(list, ({ prefix }) => prefix === size);
    }
    case 'rfc':
    case 'rfcs':
      return byEach(value, list, (word) => {
        const rfc = numberOf(word, 'RFC number');
        return (each) => isOfRfc(rfc, each);
      });
    case 'network':
      return byEach(value, list, (word) => {
        if (parseCidr(word) === undefined)
          throw new FunctionError(`unable to create an IP address from ${quote(word)}`);
        return (each) => within(each, word);
      });
    default:
      throw new FunctionError(`invalid selector ${quote(selector)}`);
  }
}
