import type { Task, TaskPort } from '../catalog/model.js';
import { readRegistratorKey } from '../labels/registrator-keys.js';

/** What a port of a task is called in a registry, by registrator's rules. */
export interface RegisteredPort {
  port: TaskPort;
  name: string;
  id: string | undefined;
  tags: readonly string[];
  meta: Readonly<Record<string, string>>;
}

/** `SERVICE_*` of one port: port-scoped keys win. */
interface PortMetadata {
  values: ReadonlyMap<string, string>;
  /** The name came from a key of this very port. */
  ownName: boolean;
}

function metadataOf(task: Task, port: number): PortMetadata {
  const general = new Map<string, string>();
  const scoped = new Map<string, string>();
  for (const [text, value] of Object.entries(task.labels)) {
    const key = readRegistratorKey(text);
    if (key === undefined) continue;
    const name = key.name.toLowerCase();
    if (key.port === undefined) general.set(name, value);
    else if (key.port === port) scoped.set(name, value);
  }
  return { values: new Map([...general, ...scoped]), ownName: scoped.has('name') };
}

/** A comma separates; `\,` is a comma. */
export function splitTags(text: string): string[] {
  const parts = text.match(/(?:\\.|[^,\\])+/gs) ?? [];
  return parts.map((part) => part.replaceAll('\\,', ',')).filter((part) => part !== '');
}

/** The last part of an image's name without its tag. */
function imageName(image: string): string {
  return image.slice(image.lastIndexOf('/') + 1).split(':')[0] ?? image;
}

const OWN_KEYS: ReadonlySet<string> = new Set(['name', 'tags', 'id', 'ignore']);

/** The ports of a task as registrator registers them; none for those that it is to ignore. */
export function registeredPorts(task: Task): RegisteredPort[] {
  const several = task.ports.length > 1;
  return task.ports.flatMap((port) => {
    const { values, ownName } = metadataOf(task, port.target);
    if ((values.get('ignore') ?? '') !== '') return [];
    const base = values.get('name') ?? defaultName(task);
    if (base === undefined) return [];
    const tags = splitTags(values.get('tags') ?? '');
    return [
      {
        port,
        name: several && !ownName ? `${base}-${port.target}` : base,
        id: values.get('id'),
        tags: port.protocol === 'udp' ? [...tags, 'udp'] : tags,
        meta: Object.fromEntries([...values].filter(([key]) => !OWN_KEYS.has(key))),
      },
    ];
  });
}

function defaultName(task: Task): string | undefined {
  return task.image === undefined ? task.service?.service : imageName(task.image);
}
