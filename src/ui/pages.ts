import type { FunctionComponent } from 'preact';
import { DoctorPage } from './doctor-page.js';
import { EventsPage } from './events-page.js';
import { OverviewPage } from './overview-page.js';
import { QueriesPage } from './queries-page.js';
import { ServicesPage } from './services-page.js';
import { SourcesPage } from './sources-page.js';
import { StacksPage } from './stacks-page.js';
import { TasksPage } from './tasks-page.js';
import { TemplatesPage } from './templates-page.js';
import { TopologyPage } from './topology-page.js';
import { VipsPage } from './vips-page.js';

export interface Page {
  /** In the address. */
  readonly name: string;
  readonly title: string;
  readonly Body: FunctionComponent;
}

/** In the order of the menu. */
export const PAGES: readonly Page[] = [
  { name: 'overview', title: 'Overview', Body: OverviewPage },
  { name: 'stacks', title: 'Stacks', Body: StacksPage },
  { name: 'services', title: 'Services', Body: ServicesPage },
  { name: 'tasks', title: 'Tasks', Body: TasksPage },
  { name: 'vips', title: 'Virtual IPs', Body: VipsPage },
  { name: 'dns', title: 'DNS log', Body: QueriesPage },
  { name: 'events', title: 'Events', Body: EventsPage },
  { name: 'topology', title: 'Topology', Body: TopologyPage },
  { name: 'templates', title: 'Templates', Body: TemplatesPage },
  { name: 'sources', title: 'Sources', Body: SourcesPage },
  { name: 'doctor', title: 'Doctor', Body: DoctorPage },
];
