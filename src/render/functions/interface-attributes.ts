import { quote } from '../../template/quote.js';
import { FunctionError } from '../../template/template-error.js';
import type { InterfaceAddress } from './host-interfaces.js';
import { addressText, interfaceText } from './interface-selectors.js';

const widthOf = ({ family }: InterfaceAddress): number => (family === 4 ? 32 : 128);

function maskOf(prefix: number, width: number): bigint {
  const all = (1n << BigInt(width)) - 1n;
  return all ^ ((1n << BigInt(width - prefix)) - 1n);
}

/** An attribute of an address, as go-sockaddr writes it. @throws FunctionError for an unknown one */
export function attribute(given: string, each: InterfaceAddress): string {
  const { address, family, prefix, flags, name } = each;
  const width = widthOf(each);
  const mask = maskOf(prefix, width);
  const network = address & mask;
  const last = network | (mask ^ ((1n << BigInt(width)) - 1n));
  const text = (value: bigint) => addressText(value, family);
  // A network of IPv4 with two addresses or one has none for itself and for broadcast.
  const edge = family === 4 && prefix < 31 ? 1n : 0n;
  switch (given.toLowerCase()) {
    case 'name':
      return name;
    case 'flags':
      return flags.join('|');
    case 'address':
    case 'host':
      return text(address);
    case 'port':
      return '0';
    case 'string':
      return interfaceText(each);
    case 'type':
      return `IPv${family}`;
    case 'netmask':
      return text(mask);
    case 'network':
      return text(network);
    case 'mask_bits':
      return String(prefix);
    case 'binary':
      return address.toString(2).padStart(width, '0');
    case 'hex':
      return address.toString(16).padStart(width / 4, '0');
    case 'first_usable':
      return text(network + edge);
    case 'last_usable':
      return text(last - edge);
    case 'octets':
      return [...Buffer.from(address.toString(16).padStart(width / 4, '0'), 'hex')].join(' ');
    case 'size':
      return String(1n << BigInt(width - prefix));
    case 'broadcast':
      if (family === 4) return text(last);
      break;
    case 'uint32':
      if (family === 4) return address.toString();
      break;
    case 'uint128':
      if (family === 6) return address.toString();
      break;
  }
  throw new FunctionError(`unsupported attribute name ${quote(given.toLowerCase())}`);
}

/** `math`: another address, by its distance from this one or from its network, or under a shorter mask. @throws FunctionError */
export function moved(operation: string, value: string, each: InterfaceAddress): InterfaceAddress {
  const width = widthOf(each);
  const all = (1n << BigInt(width)) - 1n;
  const kind = operation.toLowerCase();
  if (kind === 'mask') {
    const bits = /^\d+$/.test(value) ? Number(value) : NaN;
    if (!(bits <= width))
      throw new FunctionError(
        `parameter for operation ${quote(operation)} on ipv${each.family} addresses must be between 0 and ${width}`,
      );
    return { ...each, address: each.address & maskOf(bits, width), prefix: Math.min(bits, each.prefix) };
  }
  if (kind !== 'address' && kind !== 'network')
    throw new FunctionError(`unsupported math operation: ${quote(operation)}`);
  if (!/^[+-]\d+$/.test(value))
    throw new FunctionError(`sign (+/-) and a number are required for operation ${quote(operation)}`);
  const by = BigInt(value.replace('+', ''));
  if (kind === 'address') return { ...each, address: (each.address + by) & all };
  const mask = maskOf(each.prefix, width);
  const hosts = all ^ mask;
  // Steps beyond the network begin again at its other end.
  return { ...each, address: (each.address & mask) + (by & hosts) };
}
