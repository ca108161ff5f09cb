import { useMemo, useRef, useState } from 'preact/hooks';
import { number } from '../api/quantities.js';
import { visibleText } from '../net/visible-text.js';
import { DataTable, type Column } from './data-table.js';
import { live } from './live.js';
import { addressOf } from './page-address.js';
import { usePageStream } from './page-stream.js';
import { Foreign } from './text-parts.js';
import {
  AskBook,
  NODE,
  placed,
  targetsOf,
  topologyOf,
  type Asking,
  type PlacedNode,
  type Topology,
} from './topology.js';

interface AskingRow extends Asking {
  /** Where the other's tasks run. */
  readonly hosts: string;
  readonly tasks: string;
}

const COLUMNS: readonly Column<AskingRow>[] = [
  { head: 'Who', cell: ({ from }) => <Foreign text={from} />, sortBy: ({ from }) => from },
  {
    head: 'Asks for',
    cell: ({ to }) => (to === undefined ? 'other names' : <Foreign text={to} />),
    sortBy: ({ to }) => to,
  },
  {
    head: 'Queries',
    cell: ({ queries }) => number(queries),
    sortBy: ({ queries }) => queries,
    isNumber: true,
  },
  { head: 'Link', hint: 'whether it says that it links to the other', cell: ({ isLink }) => isLink && 'yes' },
  { head: 'Tasks', cell: ({ tasks }) => <Foreign text={tasks} /> },
  { head: 'Hosts', cell: ({ hosts }) => <Foreign text={hosts} /> },
];

/** The tasks that are named; the rest is counted. */
const NAMED = 5;

/** Who asks for whom, as a picture and as a table. */
export function TopologyPage() {
  const revision = live.revision.value;
  const { replica } = live;
  const book = useRef(new AskBook());
  const [looks, setLooks] = useState(0);
  const targets = useMemo(
    () => targetsOf(replica.services.values(), replica.tasks.values(), replica.domain),
    [revision],
  );
  usePageStream({ type: 'subscribe', channels: ['queries'] }, (message) => {
    if (!('channel' in message) || message.channel !== 'queries' || message.queries.length === 0) return;
    for (const query of message.queries) book.current.add(query, targets);
    setLooks((times) => times + 1);
  });
  const { topology, rows } = useMemo(() => {
    const askings = book.current.askings(replica.services.values());
    return {
      topology: topologyOf(askings, replica.services, replica.tasks.values()),
      rows: askings.map(rowOf),
    };
  }, [revision, looks]);
  return (
    <>
      <h1>Topology</h1>
      <p class="dim">
        Who has asked for whom since this page was opened, and links that services have. From left to right:
        who asks, services, their tasks, hosts.
      </p>
      {topology.isGrouped && (
        <p>There are many, so services stand together by stack. The table has each of them.</p>
      )}
      {topology.nodes.length > 0 && <Picture topology={topology} />}
      <h2>The same as a table</h2>
      <DataTable
        label="who asks for whom"
        rows={rows}
        columns={COLUMNS}
        keyOf={({ from, to }) => `${from} ${to ?? ''}`}
        empty="There were no queries yet, and no service has links."
      />
    </>
  );
}

function rowOf(asking: Asking): AskingRow {
  const behind = [...live.replica.tasks.values()].filter(
    ({ service }) => service && `${service.service}.${service.stack}` === asking.to,
  );
  const names = behind.slice(0, NAMED).map(({ name }) => name);
  const more = behind.length - names.length;
  const hosts = new Set(behind.flatMap(({ node }) => (node ? [node.name] : [])));
  return {
    ...asking,
    tasks: `${names.join(', ')}${more > 0 ? ` and ${more} more` : ''}`,
    hosts: [...hosts].join(', '),
  };
}

function Picture({ topology }: { readonly topology: Topology }) {
  const { nodes, width, height } = placed(topology);
  const places = new Map(nodes.map((node) => [node.id, node]));
  const most = Math.max(1, ...topology.edges.map(({ weight }) => weight));
  return (
    <div class="scroll" role="region" aria-label="picture of who asks for whom" tabIndex={0}>
      <svg
        class="topology"
        width={width}
        height={height}
        role="group"
        aria-label="the table below says the same"
      >
        {topology.edges.map(({ from, to, weight, isLink }) => {
          const [a, b] = [places.get(from), places.get(to)];
          return (
            a &&
            b && (
              <path
                key={`${from} ${to}`}
                class={isLink && weight === 0 ? 'link' : undefined}
                d={curve(a, b)}
                stroke-width={1 + (5 * weight) / most}
              />
            )
          );
        })}
        {nodes.map((node) => (
          <Node key={node.id} node={node} />
        ))}
      </svg>
    </div>
  );
}

function curve(a: PlacedNode, b: PlacedNode): string {
  const [x1, y1] = [a.x + NODE.width, a.y + NODE.height / 2];
  const [x2, y2] = [b.x, b.y + NODE.height / 2];
  const bend = (x2 - x1) / 2;
  return `M${x1} ${y1}C${x1 + bend} ${y1} ${x2 - bend} ${y2} ${x2} ${y2}`;
}

/** As many letters as fit a box. */
const LETTERS = 25;

function Node({ node: { x, y, layer, text, place } }: { readonly node: PlacedNode }) {
  const shown = visibleText(text);
  const box = (
    <>
      <rect x={x} y={y} rx={4} width={NODE.width} height={NODE.height} />
      <text x={x + 8} y={y + 17}>
        {shown.length > LETTERS ? `${shown.slice(0, LETTERS - 1)}…` : shown}
        <title>{shown}</title>
      </text>
    </>
  );
  const className = `layer-${layer}`;
  if (!place) return <g class={className}>{box}</g>;
  return (
    <a class={className} href={addressOf(place.page, place.path)} aria-label={shown}>
      {box}
    </a>
  );
}
