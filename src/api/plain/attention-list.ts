import { selectTasks } from '../../catalog/selection.js';
import { serviceName, type Service } from '../../catalog/model.js';
import type { Snapshot } from '../../catalog/snapshot.js';
import { attention, type Matter, type Named } from '../attention.js';
import type { VirtualServiceInfo } from '../ports.js';
import type { StatusJson } from '../types/status-json.js';
import type { TemplateJson } from '../types/templates-json.js';
import { markup, type Markup } from './markup.js';
import { anchor, toned } from './parts.js';

export interface ListedFacts {
  readonly status: StatusJson;
  readonly snapshot: Snapshot;
  readonly vips: readonly VirtualServiceInfo[];
  readonly templates: readonly TemplateJson[];
}

/** "Needs attention" as a list, each item with a link to where it is shown. */
export function attentionList({ status, snapshot, vips, templates }: ListedFacts): Markup {
  const services = [...snapshot.services()];
  const matters = attention({
    status,
    silent: services.filter(isSilent).map(namedOf),
    panicking: services.filter((service) => selectTasks(service).panic).map(namedOf),
    vips: vips.map((each) => ({ ...each, key: each.service, name: each.service })),
    templates,
  });
  if (matters.length === 0) return markup`<p class="good">Nothing needs attention.</p> `;
  return markup`<ul>
    ${matters.map((matter) => markup`<li>${toned(matter.tone, matter.tone === 'bad' ? 'Fault' : 'Warning')}: ${linked(matter)}</li> `)}
  </ul> `;
}

function linked({ about, text }: Matter): Markup {
  if (!about) return markup`${text}`;
  return markup`<a href="#${anchor(about.place, about.key)}">${about.name}</a> ${text}`;
}

function namedOf(service: Service): Named {
  return { key: service.key, name: serviceName(service) };
}

function isSilent(service: Service): boolean {
  return service.tasks.length > 0 && selectTasks(service).tasks.length === 0;
}
