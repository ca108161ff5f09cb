import { parseArgs } from 'node:util';
import { amplification } from './amplification.js';
import { deafClients } from './deaf-client.js';
import { boundText, holds, type Figure } from './figure.js';
import { loops } from './loops.js';
import { pointerBombs } from './pointer-bomb.js';
import { randomNames } from './random-names.js';
import { replyFlood } from './reply-flood.js';
import { singleFlight } from './single-flight.js';
import { slowConnections } from './slow-connections.js';
import { spoofing } from './spoofing.js';
import { udpFlood } from './udp-flood.js';

const USAGE = `Attacks the name server on loopback and prints what it costs: one row a figure, with its bound.

  npm run test:attack [-- options] [NAME...]

  NAME      some of: NAMES
  -o json   the figures as one JSON array on standard output
  --help

Exit codes: 0 every bound is kept; 1 one is not; 2 usage.
`;

const attacks: Readonly<Record<string, () => Promise<Figure[]>>> = {
  // First, as what the others leave behind would hide growth.
  'random-names': () => randomNames({ names: 50_000, cacheBytes: 8 * 1024 * 1024 }),
  amplification,
  spoofing,
  'slow-connections': () => slowConnections(2000, 4000),
  'slow-connections-usual': () => slowConnections(2000),
  'deaf-clients': () => deafClients(2000),
  loops,
  'single-flight': singleFlight,
  'pointer-bombs': pointerBombs,
  'udp-flood': () => udpFlood(5000),
  'reply-flood': replyFlood,
};

async function main(): Promise<number> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      output: { type: 'string', short: 'o', default: 'text' },
      help: { type: 'boolean' },
    },
  });
  const names = positionals.length > 0 ? positionals : Object.keys(attacks);
  const usage = USAGE.replace('NAMES', Object.keys(attacks).join(', '));
  if (values.help) {
    console.log(usage);
    return 0;
  }
  if (!names.every((name) => name in attacks) || !['text', 'json'].includes(values.output)) {
    console.error(usage);
    return 2;
  }
  const figures: Figure[] = [];
  for (const name of names) {
    console.error(`${name} ...`);
    const measured = (await attacks[name]?.()) ?? [];
    figures.push(...measured);
    if (values.output === 'text') for (const figure of measured) console.log(row(figure));
  }
  if (values.output === 'json') {
    console.log(JSON.stringify(figures.map((figure) => ({ ...figure, holds: holds(figure) }))));
  }
  const broken = figures.filter((figure) => !holds(figure));
  console.error(`${figures.length} figures, ${broken.length} out of bounds`);
  return broken.length === 0 ? 0 : 1;
}

function row(figure: Figure): string {
  const { attack, what, value, unit } = figure;
  const verdict = holds(figure) ? (figure.beside ?? '') : `OUT OF BOUNDS: ${figure.bound.because}`;
  const number = `${String(value).padStart(9)} ${unit}`;
  return `${attack.padEnd(38)}  ${what.padEnd(62)}  ${number.padEnd(24)}  ${boundText(figure).padEnd(14)}  ${verdict}`;
}

process.exitCode = await main().catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : error);
  return 2;
});
