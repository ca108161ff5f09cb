import type { ServiceRef } from '../../src/catalog/model.js';
import type { TaskFact } from '../../src/catalog/facts.js';

/** A task fact with the fields that a test does not care about filled in. */
export function taskFact(
  id: string,
  over: Partial<TaskFact> & { ip?: string; network?: string } = {},
): TaskFact {
  const { ip, network = '*', ...fields } = over;
  const name = fields.name ?? id;
  return {
    id,
    name,
    names: [name.toLowerCase()],
    environment: 'default',
    stack: fields.service?.stack ?? 'default',
    health: 'healthy',
    endpoints: ip === undefined ? [] : [{ network, ip }],
    ports: [],
    labels: {},
    links: {},
    weight: 1,
    expose: false,
    ...fields,
  };
}

/** `web.shop` or `sidekick.web.shop` to a reference in the default environment. */
export function ref(text: string): ServiceRef {
  const labels = text.split('.');
  const [service = '', stack = ''] = labels.slice(-2);
  const sidekick = labels.length === 3 ? labels[0] : undefined;
  return { environment: 'default', stack, service, ...(sidekick === undefined ? {} : { sidekick }) };
}
