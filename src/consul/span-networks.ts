import { canonicalIp } from '../net/ip.js';
import { META_LIMITS } from './owner-mark.js';

/** A task's address on a network that spans hosts. */
export interface SpanEndpoint {
  /** The network's id, which is the same on every host. */
  readonly network: string;
  readonly ip: string;
}

/** `<network id>=10.0.1.5,<network id>=10.0.2.5`, as many as Consul takes. Undefined if there are none. */
export function networksText(endpoints: readonly SpanEndpoint[]): string | undefined {
  let text = '';
  for (const { network, ip } of endpoints) {
    const next = `${text}${text === '' ? '' : ','}${network}=${ip}`;
    if (Buffer.byteLength(next) > META_LIMITS.value) break;
    text = next;
  }
  return text === '' ? undefined : text;
}

/** Reads such a text. What has another form is left out. */
export function readNetworks(text: string | undefined): readonly SpanEndpoint[] {
  return (text ?? '').split(',').flatMap((pair) => {
    const [, network, address = ''] = /^([0-9A-Za-z]+)=(.+)$/.exec(pair) ?? [];
    const ip = canonicalIp(address);
    return network === undefined || ip === undefined ? [] : [{ network, ip }];
  });
}
