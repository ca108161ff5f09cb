import { CLIENT_ADDRESS } from './client-network.js';
import type { UpstreamRecords } from './upstream.js';

/** Where every task listens, whatever port its service has. */
export const TASK_PORT = 8080;

/** More addresses than an answer of 512 bytes can hold. */
export const BIG: readonly string[] = Array.from({ length: 60 }, (_, i) => `10.9.1.${i + 101}`);

export const WEB: readonly string[] = ['10.9.1.11', '10.9.1.12'];

interface TaskEntry {
  readonly name: string;
  readonly ip?: string;
  readonly ip6?: string;
}

/** A service with a task at each of these addresses; SRV owner `_http._tcp`. */
const at = (name: string, addresses: readonly string[]): unknown => ({
  ports: ['http=80/tcp'],
  tasks: addresses.map((ip, i) => ({ name: `${name}_${i + 1}`, ip, ports: { '80/tcp': TASK_PORT } })),
});

const task = (fields: TaskEntry): unknown => ({ tasks: [fields] });

/**
 * The services file: the client belongs to `web` of `shop`.
 * @param web the addresses of its tasks; undefined: there is no such service
 */
export function servicesWith(web: readonly string[] | undefined): unknown {
  return {
    stacks: {
      shop: {
        services: {
          ...(web === undefined ? {} : { web: at('shop_web', web) }),
          six: task({ name: 'shop_six_1', ip6: 'fd00:9::61' }),
          dual: task({ name: 'shop_dual_1', ip: '10.9.1.21', ip6: 'fd00:9::21' }),
          big: at('shop_big', BIG),
          empty: {},
          crm: { hostname: 'crm.example.org' },
          own: { hostname: 'web.shop.rancher.internal' },
          billing: task({ name: 'shop_billing_1', ip: '10.9.1.31' }),
        },
      },
      other: { services: { api: task({ name: 'other_api_1', ip: '10.9.1.41' }) } },
      // A stack with the name of a service of the client's stack: billing.rancher.internal exists, and has no data.
      billing: { services: { db: task({ name: 'billing_db_1', ip: '10.9.1.51' }) } },
    },
    clients: { [CLIENT_ADDRESS]: { stack: 'shop', service: 'web' } },
  };
}

/** What the upstream says. It has no AAAA for most names, and denies what is not here. */
export const upstreamRecords: UpstreamRecords = {
  'www.example.org': { A: ['10.9.1.80'] },
  'dual.example.org': { A: ['192.0.2.81'], AAAA: ['2001:db8::81'] },
  'crm.example.org': { A: ['10.9.1.90'] },
  'broken.example.org': { RCODE: ['SERVFAIL'] },
};
