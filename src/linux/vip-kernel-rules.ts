import { canonicalIp, formatHostPort } from '../net/ip.js';
import { nft } from './nft.js';
import { wholeTable } from './nft-table.js';
import { deadPart, kernelPart, servicePart } from './vip-kernel-table.js';
import { listenerPart, nowhere, vipTable } from './vip-listener-table.js';

/** Why the kernel would not lead connections to tasks, in one line; undefined if it would. Changes nothing. */
export async function tryKernelRules(pool: string): Promise<string | undefined> {
  const table = vipTable(pool);
  const { family } = table;
  const { ip: vip } = nowhere(pool);
  const place = { vip, port: 1, protocol: 'tcp' } as const;
  const service = {
    ...{
      ...place,
      bridges: ['docker0'],
      host: true,
      slots: [7],
      tasks: new Map([[7, { ip: vip, port: 2 }]]),
    },
    ...{ selves: [vip] },
  };
  const parts = new Map([
    ['listeners', listenerPart(pool, [], undefined, true)],
    [
      'kernel',
      kernelPart(family, pool, {
        homes: [{ bridge: 'docker0', subnet: pool }],
        apart: [vip],
        masqueraded: ['docker0'],
        crossings: [true, false].map((keepsSources) => ({ from: 'docker0', to: 'docker1', keepsSources })),
        several: [vip],
        mark: { value: 1, mask: 1 },
      }),
    ],
    ['dead', deadPart(family, [{ ...place, task: { ip: vip, port: 2 } }])],
    ['turn', servicePart(family, { ...service, choice: 'turn', affinity: 1 })],
    ['hash', servicePart(family, { ...service, port: 3, choice: 'client-port' })],
  ]);
  const outcome = await nft(['--check', '-f', '-'], wholeTable({ ...table, parts }));
  return outcome.ok ? undefined : outcome.why;
}

/** Whether there are such rules, which a daemon before this one has left. */
export async function hasKernelRules(pool: string): Promise<boolean> {
  const { family, name } = vipTable(pool);
  return (await nft(['list', 'map', family, name, 'vips_host'])).ok;
}

/**
 * How many connections were led to each task since its rules were written.
 * @returns by {@link countedTask}; undefined where that cannot be read
 */
export async function countConnections(pool: string): Promise<ReadonlyMap<string, number> | undefined> {
  const { family, name } = vipTable(pool);
  const outcome = await nft(['-j', 'list', 'map', family, name, 'tasks']);
  return outcome.ok ? parseCounts(outcome.output) : undefined;
}

/** Names a task of a port: `10.43.0.1 tcp 80 10.88.0.11:8080`. */
export function countedTask(
  { vip, protocol, port }: { readonly vip: string; readonly protocol: string; readonly port: number },
  task: { readonly ip: string; readonly port: number },
): string {
  return `${vip} ${protocol} ${port} ${formatHostPort(task)}`;
}

/** Reads the elements of the map `tasks` as `nft -j` prints them. */
export function parseCounts(json: string): ReadonlyMap<string, number> | undefined {
  try {
    const { nftables } = JSON.parse(json) as { nftables: readonly { map?: { elem?: readonly Element[] } }[] };
    const elements = nftables.find(({ map }) => map)?.map?.elem ?? [];
    return new Map(
      elements.map(([{ elem }, to]) => {
        const [vip, protocol, port] = elem.val.concat;
        const [ip, taskPort] = to.concat;
        const place = { vip: address(vip), protocol: String(protocol), port: Number(port) };
        return [countedTask(place, { ip: address(ip), port: Number(taskPort) }), elem.counter?.packets ?? 0];
      }),
    );
  } catch {
    return undefined;
  }
}

type Word = string | number;

/** An element with a counter: its key, and the address and port that it leads to. */
type Element = readonly [
  {
    readonly elem: {
      readonly val: { readonly concat: readonly Word[] };
      readonly counter?: { packets: number };
    };
  },
  { readonly concat: readonly Word[] },
];

function address(word: Word | undefined): string {
  return canonicalIp(String(word)) ?? String(word);
}
