import { templateStates } from '../template-states.js';
import type { TemplateJson } from '../types/templates-json.js';
import { gauge, type Readings } from './exposition.js';

/** Files that are rendered from templates. */
export const templateMetrics = {
  fairlead_templates: gauge('Templates by state.', 'state'),
  fairlead_template_failures: gauge('Attempts in a row that failed.', 'source', 'destination'),
};

export function readTemplates(templates: readonly TemplateJson[]): Readings<typeof templateMetrics> {
  // Two templates may have the same source and destination: the one that fares worse is shown.
  const failures = new Map<string, [number, string, string]>();
  for (const { source, destination, failures: count } of templates) {
    const key = JSON.stringify([source, destination]);
    failures.set(key, [Math.max(count, failures.get(key)?.[0] ?? 0), source, destination]);
  }
  return {
    fairlead_templates: Object.entries(templateStates(templates)).map(([state, count]) => [count, state]),
    fairlead_template_failures: failures.values(),
  };
}
