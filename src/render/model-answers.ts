import type { Service, Task } from '../catalog/model.js';
import { reach } from '../catalog/reach.js';
import type { Snapshot } from '../catalog/snapshot.js';
import { compareStrings } from '../template/byte-strings.js';
import { INT, STRING, STRING_MAP, STRINGS, listType, structType } from '../template/types.js';
import { type Type, GoList, type GoStruct, type Value } from '../template/value.js';
import { stringList, stringMap, struct } from '../template/go-values.js';

/** Fairlead's own model, for which consul-template has no functions. */
const STACK = structType('fairlead.Stack', { Name: STRING, Services: STRINGS });
const TASK = structType('fairlead.Task', {
  ID: STRING,
  Name: STRING,
  Stack: STRING,
  Service: STRING,
  Health: STRING,
  Address: STRING,
  Port: INT,
  Image: STRING,
  Weight: INT,
  Labels: STRING_MAP,
});
const ENDPOINT = structType('fairlead.Endpoint', {
  Address: STRING,
  Port: INT,
  Protocol: STRING,
  Name: STRING,
  Task: STRING,
});

/**
 * `stacks`, `tasks "web.shop"`, `vip "web.shop"`, `endpoints "web.shop"`. A name without a stack means every stack.
 */
export function modelAnswer(
  what: 'stacks' | 'tasks' | 'vip' | 'endpoints',
  of: string,
  snapshot: Snapshot,
  environment: string,
): Value {
  const services = [...snapshot.services()].filter((service) => service.environment === environment);
  if (what === 'stacks') return stackList(services);
  const wanted = of === '' ? services : services.filter((service) => isNamed(service, of));
  if (what === 'vip') return wanted.find(({ vip }) => vip !== undefined)?.vip ?? '';
  const tasks =
    of === '' && what === 'tasks'
      ? [...snapshot.tasks()].filter((task) => task.environment === environment)
      : wanted.flatMap((service) => service.tasks);
  const running = tasks
    .filter((task) => task.health !== 'stopped')
    .sort((a, b) => compareStrings(a.name, b.name));
  if (what === 'tasks')
    return listOf(
      TASK,
      running.map((task) => taskRecord(task, snapshot)),
    );
  return listOf(
    ENDPOINT,
    running.filter(({ health }) => health === 'healthy').flatMap((task) => endpointRecords(task, snapshot)),
  );
}

function isNamed({ service, stack, sidekick }: Service, name: string): boolean {
  const full = `${sidekick === undefined ? '' : `${sidekick}.`}${service}`;
  return name === full || name === `${full}.${stack}` || name === `${stack}/${full}`;
}

function listOf(type: Type, items: readonly GoStruct[]): GoList {
  return new GoList(listType(type), items);
}

function stackList(services: readonly Service[]): GoList {
  const stacks = new Map<string, string[]>();
  for (const { stack, service, sidekick } of services) {
    if (sidekick === undefined) stacks.set(stack, [...(stacks.get(stack) ?? []), service]);
  }
  const records = [...stacks]
    .sort(([a], [b]) => compareStrings(a, b))
    .map(([Name, names]) => struct(STACK, { Name, Services: stringList(names.sort(compareStrings)) }));
  return listOf(STACK, records);
}

function taskRecord(task: Task, snapshot: Snapshot): GoStruct {
  const place = reach(snapshot, task, { networks: 'all' });
  return struct(TASK, {
    ID: task.id,
    Name: task.name,
    Stack: task.stack,
    Service: task.service?.service ?? '',
    Health: task.health,
    Address: place?.serviceAddresses[0] ?? '',
    Port: BigInt(place?.ports[0]?.dial ?? 0),
    Image: task.image ?? '',
    Weight: BigInt(task.weight),
    Labels: stringMap(Object.entries(task.labels)),
  });
}

function endpointRecords(task: Task, snapshot: Snapshot): GoStruct[] {
  const place = reach(snapshot, task, { networks: 'all' });
  const [address] = place?.serviceAddresses ?? [];
  if (place === undefined || address === undefined) return [];
  return place.ports.map(({ taskPort, dial }) =>
    struct(ENDPOINT, {
      Address: address,
      Port: BigInt(dial),
      Protocol: taskPort.protocol,
      Name: taskPort.name ?? '',
      Task: task.name,
    }),
  );
}
