import type { StatusJson } from './types/status-json.js';
import type { TemplateJson } from './types/templates-json.js';

/** How many templates are in which state. */
export function templateStates(templates: readonly TemplateJson[]): StatusJson['templates'] {
  const states = { waiting: 0, rendered: 0, held: 0, failed: 0 };
  for (const { state } of templates) states[state]++;
  return states;
}
