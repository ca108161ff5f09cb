import { fixed } from '../../template/functions.js';
import { quote } from '../../template/quote.js';
import { FunctionError } from '../../template/template-error.js';
import { Template } from '../../template/template.js';
import { ANY, INT, STRING, structType } from '../../template/types.js';
import { GoList, type GoStruct, type TemplateFunction, type Type, type Value } from '../../template/value.js';
import { struct } from '../../template/go-values.js';
import { NOT_FORWARDED } from './address-blocks.js';
import type { InterfaceAddress } from './host-interfaces.js';
import { attribute, moved } from './interface-attributes.js';
import { addressText, interfaceText, isOfRfc, select } from './interface-selectors.js';
import { ofTexts } from './strings.js';

const ADDRESS = structType('sockaddr.IfAddr', { Name: STRING });
const ADDRESSES: Type = { kind: 'list', name: 'sockaddr.IfAddrs', elem: ADDRESS, named: true };

/** What a record of a template stands for. */
const facts = new WeakMap<GoStruct, InterfaceAddress>();

function listOf(addresses: readonly InterfaceAddress[]): GoList {
  const records = addresses.map((each) => {
    const record = struct(ADDRESS, { Name: each.name });
    facts.set(record, each);
    return record;
  });
  return new GoList(ADDRESSES, records);
}

function addressesOf(value: Value): InterfaceAddress[] {
  const records = value instanceof GoList ? value.items : [value];
  return records.flatMap((record) => {
    const found = typeof record === 'object' && record !== null ? facts.get(record as GoStruct) : undefined;
    if (found === undefined)
      throw new FunctionError('the argument must be addresses, such as GetAllInterfaces gives');
    return [found];
  });
}

const big = (a: bigint, b: bigint): number => (a < b ? -1 : a > b ? 1 : 0);

type Order = (a: InterfaceAddress, b: InterfaceAddress) => number;

const ORDERS: Readonly<Record<string, Order | undefined>> = {
  address: (a, b) => (a.family === b.family ? big(a.address, b.address) : 0),
  default: (a, b) => Number(b.isDefault) - Number(a.isDefault),
  name: (a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0),
  port: () => 0,
  private: (a, b) => Number(isOfRfc(6890, b)) - Number(isOfRfc(6890, a)),
  size: (a, b) => (a.family === b.family ? a.prefix - b.prefix : 0),
  type: (a, b) => a.family - b.family,
};

function sorted(clauses: string, addresses: readonly InterfaceAddress[]): InterfaceAddress[] {
  const orders = clauses.split(',').map((clause): Order => {
    const [, sign, name = ''] = /^([+-]?)(.*)$/s.exec(clause.trim().toLowerCase()) ?? [];
    const order = Object.hasOwn(ORDERS, name) ? ORDERS[name] : undefined;
    if (order === undefined) throw new FunctionError(`unknown sort type: ${quote(clause)}`);
    return sign === '-' ? (a, b) => -order(a, b) : order;
  });
  return addresses.toSorted((a, b) => {
    for (const order of orders) {
      const result = order(a, b);
      if (result !== 0) return result;
    }
    return 0;
  });
}

const UNIQUE: ReadonlyMap<string, (each: InterfaceAddress) => string> = new Map([
  ['address', interfaceText],
  ['name', ({ name }: InterfaceAddress) => name],
]);

function unique(by: string, addresses: readonly InterfaceAddress[]): InterfaceAddress[] {
  const textOf = UNIQUE.get(by.toLowerCase());
  if (textOf === undefined) throw new FunctionError(`unsupported unique constraint ${quote(by)}`);
  return addresses.filter((each, at) => {
    const before = addresses[at - 1];
    return before === undefined || textOf(before) !== textOf(each);
  });
}

function part(offset: bigint, addresses: readonly InterfaceAddress[]): readonly InterfaceAddress[] {
  const by = Number(offset < 0n ? -offset : offset);
  if (by > addresses.length)
    throw new FunctionError(
      `unable to seek past the end of the interface array: offset (${by}) exceeds the number of interfaces (${addresses.length})`,
    );
  return offset < 0n ? addresses.slice(addresses.length - by) : addresses.slice(by);
}

const texts = (addresses: readonly InterfaceAddress[]): string[] =>
  addresses.map(({ address, family }) => addressText(address, family));

/** What go-sockaddr gives for the host as a whole. */
function questions(all: readonly InterfaceAddress[]) {
  const usable = sorted(
    'default,type,size',
    select('flags', 'up', select('flags', 'forwardable', all).matched).matched,
  );
  const bySize = sorted('type,size', all);
  const isPrivate = (each: InterfaceAddress) => isOfRfc(6890, each);
  const named = (form: string) => sorted('type,size', select('name', form, all).matched);
  return {
    privateOnes: usable.filter(isPrivate),
    publicOnes: usable.filter((each) => !isPrivate(each)),
    privateTexts: texts(bySize.filter((each) => isPrivate(each) && !isOfRfc(NOT_FORWARDED, each))),
    publicTexts: texts(bySize.filter((each) => !isPrivate(each))),
    named,
  };
}

function functionsFor(all: readonly InterfaceAddress[]): Map<string, TemplateFunction> {
  const asked = questions(all);
  const text = (value: Value): string => (typeof value === 'string' ? value : '');
  const int = (value: Value): bigint => (typeof value === 'bigint' ? value : 0n);
  const list = (make: () => readonly InterfaceAddress[]) => fixed([], () => listOf(make()));
  const chosen = (side: 'matched' | 'rest') =>
    fixed([STRING, STRING, ANY], ([selector, value, given]) =>
      listOf(select(text(selector), text(value), addressesOf(given))[side]),
    );
  return new Map<string, TemplateFunction>([
    ['GetAllInterfaces', list(() => all)],
    ['GetDefaultInterfaces', list(() => all.filter(({ isDefault }) => isDefault))],
    ['GetPrivateInterfaces', list(() => asked.privateOnes)],
    ['GetPublicInterfaces', list(() => asked.publicOnes)],
    ['include', chosen('matched')],
    ['exclude', chosen('rest')],
    ['sort', fixed([STRING, ANY], ([by, given]) => listOf(sorted(text(by), addressesOf(given))))],
    ['unique', fixed([STRING, ANY], ([by, given]) => listOf(unique(text(by), addressesOf(given))))],
    ['limit', fixed([INT, ANY], ([count, given]) => listOf(addressesOf(given).slice(0, Number(int(count)))))],
    ['offset', fixed([INT, ANY], ([by, given]) => listOf(part(int(by), addressesOf(given))))],
    [
      'math',
      fixed([STRING, STRING, ANY], ([operation, value, given]) =>
        listOf(addressesOf(given).map((each) => moved(text(operation), text(value), each))),
      ),
    ],
    [
      'attr',
      fixed([STRING, ANY], ([name, given]) => {
        const [first] = addressesOf(given);
        return first === undefined ? '' : attribute(text(name), first);
      }),
    ],
    [
      'join',
      fixed([STRING, STRING, ANY], ([name, between, given]) =>
        addressesOf(given)
          .map((each) => attribute(text(name), each))
          .join(text(between)),
      ),
    ],
    ['GetPrivateIP', fixed([], () => texts(asked.privateOnes)[0] ?? '')],
    ['GetPrivateIPs', fixed([], () => asked.privateTexts.join(' '))],
    ['GetPublicIP', fixed([], () => texts(asked.publicOnes)[0] ?? '')],
    ['GetPublicIPs', fixed([], () => asked.publicTexts.join(' '))],
    [
      'GetInterfaceIP',
      ofTexts(1, (form = '') => texts(select('flags', 'forwardable', asked.named(form)).matched)[0] ?? ''),
    ],
    ['GetInterfaceIPs', ofTexts(1, (form = '') => texts(asked.named(form)).join(' '))],
  ]);
}

/** `sockaddr`: a template of go-sockaddr over the addresses of this host, such as `GetPrivateIP`. */
export function sockaddrFunction(interfaces: () => readonly InterfaceAddress[]): TemplateFunction {
  return ofTexts(1, (source = '') => {
    const all = interfaces();
    const functions = functionsFor(all);
    const template = Template.parse('sockaddr', `{{ ${source} }}`, { functions, missingKey: 'error' });
    return template.execute(listOf(all), functions);
  });
}
