import { median, type BenchResult, type ContestantKey } from './summary.js';

const WIDTH = 760;
const LABEL = 130;
const FIGURE = 70;
const ROW = 26;
const BAR_HEIGHT = 16;
const HEAD = 34;
const GAP = 18;

/** A bar that is so many times as long as the median would make all others short; it is cut, with a gap that says so. */
const LONGEST = 3;

/** `own names: A, ...` is enough of a title up to its colon. */
const shortTitle = (title: string): string => title.split(/[:,]/)[0] ?? title;

/** Bars of CPU time a query, one group a scenario, the floor as a line through each group. Readable on light and dark. */
export function chart({ scenarios }: BenchResult): string {
  const groups = Object.entries(scenarios).filter(([key]) => key !== 'churn');
  const parts: string[] = [];
  let y = 0;
  for (const [key, { title, servers }] of groups) {
    const rows = Object.entries(servers).sort(([, a], [, b]) => a.cpu_us - b.cpu_us);
    const times = rows.map(([, { cpu_us }]) => cpu_us);
    const longest = Math.max(...times.filter((time) => time <= LONGEST * median(times)));
    const room = WIDTH - LABEL - FIGURE;
    const scale = room / longest / (longest < Math.max(...times) ? 1.1 : 1);
    const top = y + HEAD;
    parts.push(`<text class="head" x="0" y="${y + 20}">${key}: ${shortTitle(title)}, CPU µs a query</text>`);
    rows.forEach(([server, { title: name, cpu_us }], row) => {
      const at = top + row * ROW;
      const width = Math.min(room, cpu_us * scale).toFixed(1);
      parts.push(
        `<text class="name" x="${LABEL - 8}" y="${at + 13}">${name}</text>`,
        `<rect class="${classOf(server as ContestantKey)}" x="${LABEL}" y="${at}" width="${width}" height="${BAR_HEIGHT}" rx="2"/>`,
        ...(cpu_us * scale > room ? [gap(LABEL + room - 24, at)] : []),
        `<text x="${(LABEL + Number(width) + 6).toFixed(1)}" y="${at + 13}">${cpu_us.toFixed(2)}</text>`,
      );
    });
    const bottom = top + rows.length * ROW - (ROW - BAR_HEIGHT);
    const { floor } = servers;
    if (floor) {
      const x = (LABEL + floor.cpu_us * scale).toFixed(1);
      parts.push(`<line x1="${x}" x2="${x}" y1="${top - 3}" y2="${bottom + 3}"/>`);
    }
    y = bottom + GAP;
  }
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${y}" width="${WIDTH}" height="${y}" role="img" aria-label="CPU time of a DNS query by server">
<style>
text { font: 12px system-ui, sans-serif; fill: #57606a; }
.head { font-weight: 600; font-size: 13px; fill: #24292f; }
.name { text-anchor: end; }
.own { fill: #0a6cbd; }
.floor { fill: #8c959f; }
.peer { fill: #c3cad2; }
.gap { fill: #ffffff; }
line { stroke: #8c959f; stroke-dasharray: 3 3; }
@media (prefers-color-scheme: dark) {
  text { fill: #9ba3ad; }
  .head { fill: #e6edf3; }
  .own { fill: #4aa3ee; }
  .peer { fill: #484f58; }
  .gap { fill: #0d1117; }
}
</style>
${parts.join('\n')}
</svg>
`;
}

const gap = (x: number, y: number): string =>
  `<path class="gap" d="M${x} ${y + BAR_HEIGHT + 1}l6 ${-BAR_HEIGHT - 2}h6l-6 ${BAR_HEIGHT + 2}z"/>`;

function classOf(key: ContestantKey): string {
  if (key === 'floor') return 'floor';
  return key.startsWith('fairlead') ? 'own' : 'peer';
}
