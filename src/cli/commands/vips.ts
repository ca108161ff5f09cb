import type { StatusJson } from '../../api/types/status-json.js';
import type { VipJson, VipListJson } from '../../api/types/vips-json.js';
import type { Context } from '../context.js';
import { CliError, EXIT } from '../exit-codes.js';
import { findTarget } from '../find-target.js';
import { plain } from '../format/text.js';
import { printList } from '../print-list.js';
import type { Column } from '../format/text-table.js';
import { sortRows } from '../sort-rows.js';
import { VIP_COLUMNS, vipRows, wideVipColumns, type VipRow } from '../vip-columns.js';
import { StateWatch } from '../state-watch.js';
import { watchVips } from '../vip-watch.js';

export async function run(context: Context): Promise<number> {
  const text = context.argument(0);
  const only = text === undefined ? undefined : await serviceOf(context, text);
  const format = context.text('output') ?? 'table';
  const wide = wideVipColumns(context);
  if (context.on('watch')) {
    const live = new StateWatch(context, {
      type: 'subscribe',
      channels: ['figures'],
      figures: { kinds: ['vips'], ...wishes(context, only) },
    });
    try {
      return await watchVips(context, {
        ask: async () => {
          const { revision, now, vips = [] } = await live.figures();
          return { revision, now, vips: ofSidekick(vips, only) };
        },
        columns: [...VIP_COLUMNS, ...(format === 'wide' ? wide : [])],
        pause: () => live.wait(),
      });
    } finally {
      live.close();
    }
  }
  const list = ofSidekick((await context.get<VipListJson>('/v1/vips', wishes(context, only))).vips, only);
  const ofPort = [...VIP_COLUMNS, ...wide].map((column) => wholePort(column));
  const vips = sortRows(list, ofPort, context.text('sort'));
  const empty = vips.length > 0 ? '' : await whyNone(context);
  if (context.on('quiet') || (format !== 'table' && format !== 'wide')) {
    const name = ({ vip, port, protocol }: VipListJson['vips'][number]) => `${vip}:${port}/${protocol}`;
    await printList(context, vips, { columns: [], name, isSorted: true, empty });
    return EXIT.ok;
  }
  await printList(context, vipRows(vips), {
    columns: VIP_COLUMNS,
    wide,
    name: ({ vip }) => vip.vip,
    isSorted: true,
    empty,
  });
  for (const { problem } of vips)
    if (problem !== undefined) context.notice(`${context.paint('warn', '!')} ${plain(problem)}`);
  return EXIT.ok;
}

/** A column about a port as a whole, which `--sort` compares. */
function wholePort({ header, value, sort }: Column<VipRow>): Column<VipJson> {
  const row = (vip: VipJson): VipRow => ({ vip, goesOn: false });
  return {
    header,
    value: (vip) => value(row(vip)),
    ...(sort && { sort: (vip: VipJson) => sort(row(vip)) }),
  };
}

async function serviceOf(context: Context, text: string) {
  const target = await findTarget(context, text, context.text('stack'));
  if ('service' in target) return target.service;
  const detail = `"${text}" is a task; a virtual IP belongs to a service, give one such as web.shop`;
  throw new CliError(EXIT.usage, detail);
}

type Only = Awaited<ReturnType<typeof serviceOf>> | undefined;

/** What the daemon is asked for. */
function wishes(context: Context, only: Only): { environment?: string; stack?: string; service?: string } {
  const stack = context.text('stack');
  if (only === undefined) return stack === undefined ? {} : { stack };
  const { environment, stack: own, service } = only;
  return { environment, stack: own, service };
}

/** A service is shown with its sidekicks, a sidekick by itself. */
function ofSidekick(vips: readonly VipJson[], only: Only): readonly VipJson[] {
  const sidekick = only?.sidekick;
  return sidekick === undefined ? vips : vips.filter((vip) => vip.sidekick === sidekick);
}

async function whyNone(context: Context): Promise<string> {
  const { vips } = await context.get<StatusJson>('/v1/status');
  if (vips.plane === 'off') return `virtual IPs are off: ${plain(vips.why ?? 'the reason is not known')}`;
  return 'no service here has a port, so none has a virtual IP; docs/balancing.md explains how to add one';
}
