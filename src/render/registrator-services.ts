import type { Task, TaskPort } from '../catalog/model.js';
import { imageName, readRegistratorWords, registeredName } from '../labels/registrator-words.js';
import { compareStrings } from '../template/byte-strings.js';

/** A port of a task as registered by registrator's rules. */
export interface RegisteredPort {
  port: TaskPort;
  name: string;
  id: string | undefined;
  /** Sorted, as consul-template gives them. */
  tags: readonly string[];
  meta: Readonly<Record<string, string>>;
}

/** The ports of a task as the Consul publisher registers them; none for those that it is to ignore. */
export function registeredPorts(task: Task): RegisteredPort[] {
  const ports = task.ports.filter(({ protocol }) => protocol !== 'sctp');
  return ports.flatMap((port) => {
    const words = readRegistratorWords(task.labels, port.target);
    if (words.ignored) return [];
    const standIn = () => imageName(task.image) ?? task.service?.service ?? task.name;
    const tags = [
      ...words.tags,
      ...(port.protocol === 'udp' ? ['udp'] : []),
      // A registry knows no weight of 0.
      ...(task.weight === 0 ? ['fairlead.weight=0'] : []),
    ];
    return [
      {
        port,
        name: registeredName(words, port.target, ports.length > 1, standIn),
        id: words.id,
        tags: tags.sort(compareStrings),
        meta: words.attributes,
      },
    ];
  });
}
