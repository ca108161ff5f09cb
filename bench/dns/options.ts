import { cpus } from 'node:os';
import type { ContestOptions } from './contest.js';
import { SCENARIOS, type ScenarioKey } from './scenario.js';
import { allServers } from './servers/index.js';
import { hasProgram } from './workshop.js';

/** What the command line asks for. */
export interface Options extends Omit<ContestOptions, 'generator' | 'edns'> {
  readonly scenarios: readonly (ScenarioKey | 'churn')[];
  /** Absent: all. */
  readonly servers: readonly string[] | undefined;
  readonly cores: readonly [server: number, generator: number];
  /** The built `main.js`; absent: it is to be built. */
  readonly main: string | undefined;
}

/** One line for what is wrong on the command line. */
export class UsageError extends Error {}

/** @throws UsageError */
export function readOptions(values: Record<string, string | boolean | undefined>): Options {
  const text = (key: string, fallback: string) => String(values[key] ?? fallback);
  const number = (key: string, fallback: number, least: number) => {
    const value = Number(values[key] ?? fallback);
    if (!(value >= least))
      throw new UsageError(`--${key} ${text(key, '')}: a number from ${least} is needed`);
    return value;
  };
  const known = [...SCENARIOS, 'churn'] as const;
  const asked = text('scenario', 'own').split(',');
  const scenarios = asked.includes('all') ? known : known.filter((key) => asked.includes(key));
  const unknown = asked.find((name) => name !== 'all' && !known.some((key) => key === name));
  if (unknown !== undefined) throw new UsageError(`--scenario ${unknown}: use ${known.join(', ')} or all`);
  const [server = 0, generator = 1] = text('cores', '0,1').split(',').map(Number);
  if (server === generator || Math.max(server, generator) >= cpus().length)
    throw new UsageError(`--cores ${text('cores', '0,1')}: two cores of the ${cpus().length} are needed`);
  const servers = values['servers'] === undefined ? undefined : text('servers', '').split(',');
  const names = allServers('', '').map(({ key }) => key);
  const stranger = servers?.find((name) => !names.some((key) => key === name));
  if (stranger !== undefined) throw new UsageError(`--servers ${stranger}: use ${names.join(', ')}`);
  const dnsperf = values['dnsperf'] === true;
  if (dnsperf && !hasProgram('dnsperf'))
    throw new UsageError('--dnsperf: not installed; apt-get install dnsperf');
  return {
    scenarios,
    servers,
    cores: [server, generator],
    seconds: number('seconds', 4, 0.1),
    rounds: number('rounds', 3, 1),
    window: number('window', 192, 1),
    dnsperf,
    main: values['daemon'] === undefined ? undefined : text('daemon', ''),
    tell: (line) => console.error(`bench:dns: ${line}`),
  };
}
