import {
  allBalancingSettings,
  readBalancing,
  type Balancing,
  type BalancingSetting,
} from '../net/balancing.js';

/** What a task's labels set for its service. */
export interface PublishedSettings {
  readonly endpointMode?: 'dnsrr' | 'vip';
  readonly balancing?: Balancing;
}

const MODE = 'endpoint_mode';

const seconds: ReadonlySet<keyof Balancing> = new Set(['affinity']);
const milliseconds: ReadonlySet<keyof Balancing> = new Set(['idleTimeout', 'drainTimeout', 'slowStart']);

/** `endpoint_mode=vip scheduler=lc affinity=60s`: the settings by the names of their labels. Undefined if there are none. */
export function settingsText({ endpointMode, balancing = {} }: PublishedSettings): string | undefined {
  const pairs = [
    ...(endpointMode === undefined ? [] : [`${MODE}=${endpointMode}`]),
    ...allBalancingSettings.flatMap((setting) => {
      const value = balancing[setting.field];
      return value === undefined ? [] : [`${setting.name}=${valueText(setting, value)}`];
    }),
  ];
  return pairs.length === 0 ? undefined : pairs.join(' ');
}

function valueText({ field }: BalancingSetting<unknown>, value: string | number | boolean): string {
  const unit = seconds.has(field) ? 's' : milliseconds.has(field) ? 'ms' : '';
  return `${value}${unit}`;
}

/** Reads such a text. What this version does not know is left out: another host may have a newer one. */
export function readSettings(text: string | undefined): PublishedSettings {
  if (text === undefined) return {};
  const pairs = new Map(
    text.split(' ').map((pair) => {
      const at = pair.indexOf('=');
      return [pair.slice(0, at), pair.slice(at + 1)] as const;
    }),
  );
  const mode = pairs.get(MODE);
  const balancing = readBalancing(
    (name) => pairs.get(name),
    () => undefined,
  );
  return {
    ...((mode === 'vip' || mode === 'dnsrr') && { endpointMode: mode }),
    ...(Object.keys(balancing).length > 0 && { balancing }),
  };
}
