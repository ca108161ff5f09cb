import type { TaskFact } from '../../src/catalog/facts.js';
import { TaskAnswers } from '../../src/render/task-answers.js';
import type { RunSettings } from '../../src/render/render-template.js';
import { taskFact } from './facts.js';

/** Answers from tasks, on a host at 192.0.2.1. */
export function taskAnswers(
  tasks: readonly TaskFact[],
  addresses: 'container' | 'published' = 'container',
): TaskAnswers {
  const answers = new TaskAnswers({
    name: 'host',
    address: '192.0.2.1',
    environment: 'default',
    datacenter: 'dc1',
    addresses,
  });
  answers.use(tasks);
  return answers;
}

/** A healthy task of a service of the stack `shop`, on port 80. */
export function shopTask(service: string, number: number, over: Partial<TaskFact> = {}): TaskFact {
  return taskFact(`${service}-${number}`.padEnd(64, '0'), {
    name: `shop_${service}_${number}`,
    stack: 'shop',
    service: { environment: 'default', stack: 'shop', service },
    endpoints: [{ network: 'net1', ip: `10.1.0.${number + 1}` }],
    ports: [{ port: 80, protocol: 'tcp', target: 80 }],
    labels: { SERVICE_NAME: service },
    ...over,
  });
}

/** Settings that allow templates nothing, and count how often one of them calls `env "COUNTED"`. */
export function countingSettings(now: () => number): RunSettings & { evaluations: number } {
  const environment = {
    get COUNTED() {
      settings.evaluations += 1;
      return '';
    },
  };
  const settings = {
    evaluations: 0,
    host: { environment, allowPlugin: false, allowWriteToFile: false },
    now,
  };
  return settings;
}
