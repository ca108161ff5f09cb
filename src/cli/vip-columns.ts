import type { VipJson, VipSettings, VipTaskJson } from '../api/types/vips-json.js';
import type { VipCarrier } from '../net/vip-figures.js';
import type { Context } from './context.js';
import { formatBytes } from './format/byte-counts.js';
import type { Tone } from './format/style.js';
import type { Cell, Column } from './format/text-table.js';
import { shortId } from './format/words.js';

/** A line of the table: a task behind one port of a virtual IP. A port without tasks has one line. */
export interface VipRow {
  readonly vip: VipJson;
  readonly task?: VipTaskJson;
  /** Whether the line above is about the same port. */
  readonly goesOn: boolean;
}

export function vipRows(vips: readonly VipJson[]): readonly VipRow[] {
  return vips.flatMap((vip): VipRow[] =>
    vip.tasks.length === 0
      ? [{ vip, goesOn: false }]
      : vip.tasks.map((task, at) => ({ vip, task, goesOn: at > 0 })),
  );
}

export const VIP_COLUMNS: readonly Column<VipRow>[] = [
  { header: 'VIP', value: ofGroup(({ vip }) => vip) },
  { header: 'PORT', value: ofGroup(({ port, protocol }) => `${port}/${protocol}`) },
  { header: 'SERVICE', drops: 17, value: ofGroup(({ name }) => name), shrinks: true },
  { header: 'SCHEDULER', drops: 11, value: ofGroup(schedulerText) },
  { header: 'TASK', value: ({ task }) => task?.name ?? '', shrinks: true },
  { header: 'WEIGHT', drops: 15, value: weightText, align: 'right' },
  { header: 'STATE', value: stateCell },
  { header: 'ACTIVE', value: ({ task, vip }) => String((task ?? vip).active), align: 'right' },
  { header: 'TOTAL', drops: 16, value: ({ task, vip }) => String((task ?? vip).total), align: 'right' },
  {
    header: 'IN',
    drops: 13,
    value: ({ task, vip }) => bytesText((task ?? vip).bytesIn),
    sort: ({ task, vip }) => (task ?? vip).bytesIn ?? -1,
    align: 'right',
  },
  {
    header: 'OUT',
    drops: 14,
    value: ({ task, vip }) => bytesText((task ?? vip).bytesOut),
    sort: ({ task, vip }) => (task ?? vip).bytesOut ?? -1,
    align: 'right',
  },
  {
    header: 'ERRORS',
    drops: 12,
    value: ({ task, vip }) => countCell(task ? task.errors : sumOf(vip.refused, vip.failed)),
    align: 'right',
  },
];

export function wideVipColumns(context: Context): readonly Column<VipRow>[] {
  return [
    { header: 'ADDRESS', drops: 10, value: ({ task }) => task?.address ?? '' },
    { header: 'LIMIT', drops: 9, value: ({ task }) => numberText(task?.maxConnections), align: 'right' },
    {
      header: 'SERVICE-LIMIT',
      drops: 8,
      value: ofGroup(({ settings }) => numberText(settings?.maxConnections)),
      align: 'right',
    },
    {
      header: 'CLIENT-LIMIT',
      drops: 7,
      value: ofGroup(({ settings }) => numberText(settings?.maxPerClient)),
      align: 'right',
    },
    {
      header: 'AFFINITY',
      drops: 6,
      value: ofGroup(({ settings }) => affinityText(settings)),
      align: 'right',
    },
    { header: 'PROXY', drops: 5, value: ofGroup(({ settings }) => proxyText(settings)) },
    { header: 'REFUSED', drops: 4, value: ofGroup(({ refused }) => figureText(refused)), align: 'right' },
    { header: 'FAILED', drops: 3, value: ofGroup(({ failed }) => figureText(failed)), align: 'right' },
    { header: 'RETRIED', drops: 2, value: ofGroup(({ retried }) => String(retried)), align: 'right' },
    { header: 'PLANE', drops: 2, value: ofGroup(({ carrier }) => planeText(carrier)) },
    {
      header: 'ID',
      drops: 1,
      value: ({ task }) => (task ? shortId(task.id, context.kept('trunc')) : ''),
      shrinks: true,
    },
  ];
}

/** Values that all tasks of a port share are dim from the second line on, to set the ports apart. */
function ofGroup(text: (vip: VipJson) => string): (row: VipRow) => Cell {
  return ({ vip, goesOn }) => ({ text: text(vip), tone: goesOn ? 'dim' : undefined });
}

/** `rr ops` where each datagram is scheduled by itself, as in `ipvsadm -L`. */
function schedulerText({ scheduler, settings }: VipJson): string {
  return settings?.ops ? `${scheduler} ops` : scheduler;
}

function affinityText({ affinity }: VipSettings = {}): string {
  return affinity === undefined ? '' : `${affinity}s`;
}

/** `accept` if clients must send a PROXY header, and the version that tasks receive: `accept,v2`. */
function proxyText({ acceptProxy, proxyProtocol }: VipSettings = {}): string {
  return [acceptProxy ? 'accept' : '', proxyProtocol ?? ''].filter((word) => word !== '').join(',');
}

/** The limits and rules for clients, in words. */
export function settingsWords(settings: VipSettings = {}): readonly string[] {
  const { maxConnections, maxPerClient, affinity, proxyProtocol, acceptProxy, ops } = settings;
  return [
    ...(maxConnections === undefined ? [] : [`${maxConnections} open at most`]),
    ...(maxPerClient === undefined ? [] : [`${maxPerClient} per client address`]),
    ...(affinity === undefined ? [] : [`affinity ${affinity} s`]),
    ...(ops ? ['a task for each datagram'] : []),
    ...(acceptProxy ? ['clients must send a PROXY header'] : []),
    ...(proxyProtocol ? [`tasks receive PROXY ${proxyProtocol}`] : []),
  ];
}

/** `nftables+proxy` where each carries some of the clients. */
function planeText(carrier: VipCarrier | undefined): string {
  if (!carrier) return '';
  return carrier.left ? `${carrier.plane}+proxy` : carrier.plane;
}

/** `nftables for br-1 and the host`, `proxy for br-2, because it is internal`, `proxy, because it has a limit`. */
export function carrierWords(carrier: VipCarrier | undefined): readonly string[] {
  if (!carrier) return [];
  const { plane, scope, why, left = [] } = carrier;
  const reasons = new Map<string, string[]>();
  for (const each of left) reasons.set(each.why, [...(reasons.get(each.why) ?? []), each.bridge]);
  return [
    `carried by ${plane}${scope === undefined ? '' : ` for ${scope}`}${why === undefined ? '' : `, because ${why}`}`,
    ...Array.from(
      reasons,
      ([reason, bridges]) => `by the proxy for ${bridges.join(', ')}, because ${reason}`,
    ),
  ];
}

/** The configured weight; `2 (37%)` during a slow start. */
function weightText({ task }: VipRow): string {
  if (task === undefined) return '';
  const { weight, configuredWeight = weight, slowStart } = task;
  return `${configuredWeight}${slowStart === undefined ? '' : ` (${Math.round(slowStart * 100)}%)`}`;
}

function numberText(number: number | undefined): string {
  return number === undefined ? '' : String(number);
}

/** What is not told is not 0. */
const UNTOLD = '-';

function bytesText(octets: number | undefined): string {
  return octets === undefined ? UNTOLD : formatBytes(octets);
}

function figureText(figure: number | undefined): string {
  return figure === undefined ? UNTOLD : String(figure);
}

function sumOf(one: number | undefined, other: number | undefined): number | undefined {
  return one === undefined || other === undefined ? undefined : one + other;
}

function countCell(count: number | undefined): Cell {
  return { text: figureText(count), tone: count !== undefined && count > 0 ? 'warn' : undefined };
}

const TONES: Readonly<Record<VipJson['state'] | VipTaskJson['state'], Tone>> = {
  up: 'good',
  empty: 'bad',
  down: 'bad',
  active: 'good',
  full: 'warn',
  quiesced: 'warn',
  draining: 'warn',
};

/** A task behind a port that is not carried has no state. */
function stateCell({ vip, task }: VipRow): Cell {
  const state = vip.state === 'down' ? 'down' : (task?.state ?? vip.state);
  return { text: state, tone: TONES[state] };
}
