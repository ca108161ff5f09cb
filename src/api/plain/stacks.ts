import { ageBetween } from '../../net/age.js';
import { serviceName, type Health, type Service, type Task } from '../../catalog/model.js';
import { selectForName, selectForService, selectTasks } from '../../catalog/selection.js';
import type { Snapshot } from '../../catalog/snapshot.js';
import { healthCounts, timestamp } from '../json.js';
import { counted, listed } from '../quantities.js';
import { byText, sortedServices } from '../sorted.js';
import { markup, type Hole, type Markup } from './markup.js';
import { anchor, table, toned, type Tone } from './parts.js';

export interface StacksFilter {
  readonly environment: string | undefined;
  readonly stack: string | undefined;
}

/** With more tasks than this, only those that are not given are listed, unless a stack is asked for. */
const ALL_TASKS = 1000;

const TONES: Readonly<Record<Health, Tone>> = {
  healthy: 'good',
  unhealthy: 'bad',
  initializing: 'warn',
  reinitializing: 'warn',
  draining: 'warn',
  stopped: 'dim',
};

/** Stacks, their services, and the tasks of each with the reason why it is given or not. A piece for each stack. */
export function* stacks(snapshot: Snapshot, filter: StacksFilter, now: number): Generator<Markup> {
  const isBrief = filter.stack === undefined && snapshot.taskCount > ALL_TASKS;
  let found = false;
  for (const [name, services] of byStack(snapshot, filter)) {
    found = true;
    const environment = services[0]?.environment ?? '';
    yield markup`<h3 id="${anchor('stack', name)}">
        <a href="?${new URLSearchParams({ environment, stack: services[0]?.stack ?? '' }).toString()}#stacks"
          >${name}</a
        >
      </h3>
      ${table(`services of ${name}`, SERVICE_COLUMNS, services)}${services.map((service) => tasksOf(service, { isBrief, now }))}`;
  }
  if (!found) yield markup`<p>There is no such service.</p> `;
}

function byStack(snapshot: Snapshot, { environment, stack }: StacksFilter): Map<string, Service[]> {
  const found = new Map<string, Service[]>();
  for (const service of sortedServices(snapshot)) {
    if (environment !== undefined && service.environment !== environment) continue;
    if (stack !== undefined && service.stack !== stack) continue;
    const name = `${service.environment}/${service.stack}`;
    const services = found.get(name);
    if (services) services.push(service);
    else found.set(name, [service]);
  }
  return new Map([...found].sort(([a], [b]) => byText(a, b)));
}

const SERVICE_COLUMNS = [
  {
    head: 'Service',
    value: (service: Service) => {
      const [id, name] = [anchor('service', service.key), serviceName(service)];
      return service.tasks.length === 0
        ? markup`<span id="${id}">${name}</span>`
        : markup`<a id="${id}" href="#${anchor('tasks', service.key)}">${name}</a>`;
    },
  },
  { head: 'Kind', value: ({ kind }: Service) => kind },
  { head: 'Given', value: (service: Service) => selectTasks(service).tasks.length, isNumber: true },
  { head: 'Tasks', value: ({ tasks }: Service) => tasks.length, isNumber: true },
  { head: 'Health', value: ({ tasks }: Service) => listed(healthCounts(tasks)) },
  {
    head: 'Names give',
    value: ({ endpointMode }: Service) => (endpointMode === 'vip' ? 'the virtual IP' : 'tasks'),
  },
  { head: 'Virtual IP', value: ({ vip }: Service) => vip },
  {
    head: 'Ports',
    value: ({ ports }: Service) => ports.map(({ port, protocol }) => `${port}/${protocol}`).join(' '),
  },
  { head: 'Leads to', value: leadsTo },
];

function leadsTo({ aliasOf, hostname, externalIps }: Service): Hole {
  return [...aliasOf.map(serviceName), ...(hostname === undefined ? [] : [hostname]), ...externalIps].join(
    ', ',
  );
}

function tasksOf(
  service: Service,
  { isBrief, now }: { readonly isBrief: boolean; readonly now: number },
): Markup {
  const selection = selectTasks(service);
  const given = new Set(selection.tasks);
  const listedTasks = isBrief ? service.tasks.filter((task) => !given.has(task)) : service.tasks;
  if (listedTasks.length === 0) return markup``;
  const left = service.tasks.length - listedTasks.length;
  const columns = [
    { head: 'Task', value: ({ name }: Task) => name },
    { head: 'Given', value: (task: Task) => (given.has(task) ? toned('good', 'in') : toned('warn', 'out')) },
    { head: 'Why', value: (task: Task) => why(task, given.has(task), selection.panic) },
    { head: 'Health', value: ({ health }: Task) => toned(TONES[health], health) },
    {
      head: 'Up',
      value: ({ startedAt }: Task) => startedAt !== undefined && ageBetween(timestamp(startedAt), now),
      isNumber: true,
    },
    { head: 'Image', value: ({ image }: Task) => image },
    { head: 'Weight', value: ({ weight }: Task) => weight, isNumber: true },
    { head: 'Addresses', value: ({ endpoints }: Task) => endpoints.map(({ ip }) => ip).join(' ') },
    { head: 'Host', value: ({ node }: Task) => node?.name },
  ];
  return markup`<details
    id="${anchor('tasks', service.key)}"
    ${given.size < service.tasks.length ? OPEN : undefined}
  >
    <summary>${serviceName(service)}: ${counted(service.tasks.length, 'task')}, ${given.size} given</summary>
    ${table(`tasks of ${serviceName(service)}`, columns, listedTasks)}${
      left > 0 &&
      markup`<p class="dim">${counted(left, 'task')} more, all given; choose the stack to see them.</p> `
    }
  </details> `;
}

const OPEN = markup` open`;

function why(task: Task, isGiven: boolean, panic: boolean): string {
  const alone = selectForService(task);
  if (isGiven) {
    if (alone.in) return task.reason ?? 'healthy';
    return panic
      ? `all running tasks are given (${alone.why})`
      : `fewer than the minimum are healthy (${alone.why})`;
  }
  const name = selectForName(task);
  if (!name.in) return name.why;
  return alone.in ? '' : alone.why;
}
