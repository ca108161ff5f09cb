import { formatAge } from '../net/age.js';
import type { StatusJson } from './types/status-json.js';
import type { TemplateJson } from './types/templates-json.js';
import type { VipJson } from './types/vips-json.js';

/** One thing that an operator should look at. */
export interface Matter {
  readonly tone: 'bad' | 'warn';
  /** The service that the text begins with, and where more is to be seen. */
  readonly about?: Named & { readonly place: 'service' | 'vip' };
  readonly text: string;
}

export interface Named {
  /** A service's key. */
  readonly key: string;
  readonly name: string;
}

export interface AttentionFacts {
  readonly status: StatusJson;
  /** Services that have tasks, of which none is given. An external service or an alias has none of its own. */
  readonly silent: readonly Named[];
  /** Services that give all running tasks, because too many are unhealthy. */
  readonly panicking: readonly Named[];
  readonly vips: readonly Pick<VipJson, 'key' | 'name' | 'port' | 'state' | 'problem'>[];
  readonly templates: readonly Pick<TemplateJson, 'destination' | 'state' | 'error'>[];
}

/** How many services of one kind are named; the rest is counted. */
const NAMED = 20;

/** All that is not as it should be, the worst first. */
export function attention(facts: AttentionFacts): Matter[] {
  return [...broken(facts), ...doubtful(facts)];
}

function broken({ status, silent, vips, templates }: AttentionFacts): Matter[] {
  const { dns, config, restart, state } = status;
  const now = Date.parse(status.now);
  return [
    ...(dns.ready
      ? []
      : [
          bad(
            `DNS does not listen at every configured address; it listens at ${dns.listen.join(', ') || 'none'}`,
          ),
        ]),
    ...status.sources
      .filter(({ state: of }) => of !== 'live')
      .map(({ name, state: of, error, asOf }) =>
        bad(
          `source ${name} is ${of}${error === undefined ? '' : ` (${error})`}${asOf === undefined ? '' : `; its facts are ${formatAge(now - Date.parse(asOf))} old`}`,
        ),
      ),
    ...(config.reload?.ok === false
      ? [bad(`the last reload failed, and the configuration before it stays: ${config.reload.error ?? ''}`)]
      : []),
    ...(restart ? [bad(`the last restart failed: ${restart.error}`)] : []),
    ...(state.error === undefined ? [] : [bad(`the state cannot be written: ${state.error}`)]),
    ...named('bad', silent, 'has no task that takes traffic', 'have no task that takes traffic'),
    ...vips
      .filter((each) => each.state === 'down')
      .map(({ key, name, port, problem }): Matter => {
        const text = `port ${port} is not served: ${problem ?? ''}`;
        return { tone: 'bad', about: { place: 'vip', key, name }, text };
      }),
    ...templates
      .filter((each) => each.state === 'failed')
      .map(({ destination, error }) => bad(`${destination} cannot be rendered: ${error ?? ''}`)),
  ];
}

function doubtful({ status, panicking, templates }: AttentionFacts): Matter[] {
  return [
    ...named(
      'warn',
      panicking,
      'gives all running tasks, because too many are unhealthy',
      'give all running tasks, because too many are unhealthy',
    ),
    ...[
      ...(status.config.needsRestart
        ? [`a restart is needed for ${status.config.needsRestart.join(', ')}`]
        : []),
      ...(status.vips.wanted === true ? [`virtual IPs are off: ${status.vips.why ?? ''}`] : []),
      ...status.publishers
        .filter(({ state }) => state !== 'live')
        .map(
          ({ name, state, error }) =>
            `publisher ${name} is ${state}${error === undefined ? '' : ` (${error})`}`,
        ),
      ...templates
        .filter((each) => each.state === 'held')
        .map(
          ({ destination }) => `${destination} keeps its last content, because there are too few instances`,
        ),
      ...status.adoption.problems,
      ...status.problems.map(({ message, code }) => `${message} [${code}]`),
    ].map((text): Matter => ({ tone: 'warn', text })),
  ];
}

function bad(text: string): Matter {
  return { tone: 'bad', text };
}

function named(tone: Matter['tone'], services: readonly Named[], one: string, many: string): Matter[] {
  const shown = services
    .slice(0, NAMED)
    .map(({ key, name }): Matter => ({ tone, about: { place: 'service', key, name }, text: one }));
  const rest = services.length - shown.length;
  return rest > 0 ? [...shown, { tone, text: `${rest} more services ${many}` }] : shown;
}
