import { formatAge } from '../../net/age.js';
import { selectTasks } from '../../catalog/selection.js';
import { serviceName, type Service } from '../../catalog/model.js';
import type { Snapshot } from '../../catalog/snapshot.js';
import type { VirtualServiceInfo } from '../ports.js';
import type { StatusJson } from '../types/status-json.js';
import type { TemplateJson } from '../types/templates-json.js';
import { markup, type Hole, type Markup } from './markup.js';
import { anchor, toned, type Tone } from './parts.js';

/** One thing that an operator should look at. */
interface Matter {
  readonly tone: Tone;
  readonly text: Hole;
}

export interface AttentionFacts {
  readonly status: StatusJson;
  readonly snapshot: Snapshot;
  readonly vips: readonly VirtualServiceInfo[];
  readonly templates: readonly TemplateJson[];
}

/** How many services of one kind are named; the rest is counted. */
const NAMED = 20;

/** "Needs attention": all that is not as it should be, the worst first, each with a link to where it is shown. */
export function attention(facts: AttentionFacts): Markup {
  const matters = [...broken(facts), ...doubtful(facts)];
  if (matters.length === 0) return markup`<p class="good">Nothing needs attention.</p> `;
  return markup`<ul>
    ${matters.map(({ tone, text }) => markup`<li>${toned(tone, tone === 'bad' ? 'Fault' : 'Warning')}: ${text}</li> `)}
  </ul> `;
}

function broken({ status, snapshot, vips, templates }: AttentionFacts): Matter[] {
  const { dns, config, restart, state } = status;
  const now = Date.parse(status.now);
  const silent = [...snapshot.services()].filter(isSilent);
  return [
    ...(dns.ready
      ? []
      : [
          `DNS does not listen at every configured address; it listens at ${dns.listen.join(', ') || 'none'}`,
        ]),
    ...status.sources
      .filter(({ state: of }) => of !== 'live')
      .map(
        ({ name, state: of, error, asOf }) =>
          `source ${name} is ${of}${error === undefined ? '' : ` (${error})`}${asOf === undefined ? '' : `; its facts are ${formatAge(now - Date.parse(asOf))} old`}`,
      ),
    ...(config.reload?.ok === false
      ? [`the last reload failed, and the configuration before it stays: ${config.reload.error ?? ''}`]
      : []),
    ...(restart ? [`the last restart failed: ${restart.error}`] : []),
    ...(state.error === undefined ? [] : [`the state cannot be written: ${state.error}`]),
    ...named(silent, 'has no task that takes traffic', 'have no task that takes traffic'),
    ...vips
      .filter((each) => each.state === 'down')
      .map(
        ({ service, port, problem }) =>
          markup`<a href="#${anchor('vip', service)}">${service}</a> port ${port} is not served:
            ${problem ?? ''}`,
      ),
    ...templates
      .filter((each) => each.state === 'failed')
      .map(({ destination, error }) => `${destination} cannot be rendered: ${error ?? ''}`),
  ].map((text) => ({ tone: 'bad', text }));
}

function doubtful({ status, snapshot, templates }: AttentionFacts): Matter[] {
  const inPanic = [...snapshot.services()].filter((service) => selectTasks(service).panic);
  return [
    ...named(
      inPanic,
      'gives all running tasks, because too many are unhealthy',
      'give all running tasks, because too many are unhealthy',
    ),
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
      .map(({ destination }) => `${destination} keeps its last content, because there are too few instances`),
    ...status.adoption.problems,
    ...status.problems.map(({ message, code }) => `${message} [${code}]`),
  ].map((text) => ({ tone: 'warn', text }));
}

/** A service that has tasks, of which none is given. An external service or an alias has none of its own. */
function isSilent(service: Service): boolean {
  return service.tasks.length > 0 && selectTasks(service).tasks.length === 0;
}

function named(services: readonly Service[], one: string, many: string): Hole[] {
  const shown = services
    .slice(0, NAMED)
    .map(
      (service) => markup`<a href="#${anchor('service', service.key)}">${serviceName(service)}</a> ${one}`,
    );
  const rest = services.length - shown.length;
  return rest > 0 ? [...shown, `${rest} more services ${many}`] : shown;
}
