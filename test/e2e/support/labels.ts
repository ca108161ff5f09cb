/** Labels as the tools of the trade write them. */
export type Labels = Readonly<Record<string, string>>;

/** What `docker compose up` writes. */
export const composeLabels = (project: string, service: string, number = 1): Labels => ({
  'com.docker.compose.project': project,
  'com.docker.compose.service': service,
  'com.docker.compose.container-number': String(number),
  'com.docker.compose.oneoff': 'False',
});

/** What Rancher 1.0 wrote for a task of a service. */
export const rancherLabels = (stack: string, service: string, number = 1): Labels => ({
  'io.rancher.project.name': stack,
  'io.rancher.project_service.name': `${stack}/${service}`,
  'io.rancher.stack.name': stack,
  'io.rancher.stack_service.name': `${stack}/${service}`,
  'io.rancher.service.launch.config': 'io.rancher.service.primary.launch.config',
  'io.rancher.container.name': `${stack}_${service}_${number}`,
  'io.rancher.container.network': 'true',
});

/** The search list of a Rancher container's resolv.conf. */
export const rancherSearch = (stack: string, service: string): readonly string[] => [
  `${stack}.rancher.internal`,
  `${service}.${stack}.rancher.internal`,
  'rancher.internal',
];
