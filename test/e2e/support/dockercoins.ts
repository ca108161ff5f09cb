import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Host } from './host.js';
import { compile } from './compile.js';
import { composeLabels } from './labels.js';
import { until } from './poll.js';

const sources = fileURLToPath(new URL('../fixtures/dockercoins', import.meta.url));

const services = ['rng', 'hasher', 'worker', 'webui'] as const;

/** The demo application on one network, in a compose project of its own. */
export interface Dockercoins {
  /** Starts one more rng and waits until it passes its health check; returns the container's name. */
  startRng(number: number): Promise<string>;
  /** Requests that each rng has served so far. */
  servedBy(container: string): Promise<number>;
  /** What webui shows. */
  counters(): Promise<{ readonly hashes: number; readonly coins: number }>;
  /** The error lines of the worker's log. */
  errors(): Promise<readonly string[]>;
}

/**
 * Starts redis, rng, hasher, webui and worker, in this order. No container has a network alias or a link, so that
 * Docker's own DNS knows none of the names that they use for each other.
 */
export async function startDockercoins(host: Host, project: string, network: string): Promise<Dockercoins> {
  const app = join(host.dir, 'dockercoins');
  compile(sources, services, app);
  const nameOf = (service: string, number = 1): string => `${project}-${service}-${number}`;
  const start = async (service: string, number: number, flags: readonly string[] = []): Promise<string> => {
    const name = nameOf(service, number);
    await host.docker.start(name, {
      image: 'node',
      network,
      labels: composeLabels(project, service, number),
      flags: [`--volume=${app}:/app:ro`, '--init=false', ...flags],
      command: ['node', `/app/${service}.mjs`],
    });
    return name;
  };
  const health = [
    '--health-cmd=wget -q -O /dev/null http://127.0.0.1/health',
    '--health-interval=500ms',
    '--health-timeout=5s',
    '--health-retries=3',
  ];
  const coins: Dockercoins = {
    async startRng(number) {
      const name = await start('rng', number, health);
      const isHealthy = async (): Promise<string | undefined> =>
        (await host.docker.inspect(name)).State.Health?.Status;
      await until(`${name} is healthy`, isHealthy, (seen) => seen === 'healthy', host.patience());
      return name;
    },
    async servedBy(container) {
      const { stdout } = await host.docker.exec(
        container,
        'wget',
        '-q',
        '-O',
        '-',
        'http://127.0.0.1/served',
      );
      return Number(stdout);
    },
    async counters() {
      const { stdout } = await host.docker.exec(
        nameOf('webui'),
        'wget',
        '-q',
        '-O',
        '-',
        'http://127.0.0.1/',
      );
      return JSON.parse(stdout) as { hashes: number; coins: number };
    },
    async errors() {
      const lines = (await host.docker.cli('logs', nameOf('worker'))).split('\n');
      return lines.filter((line) => line !== '' && !line.startsWith('mined '));
    },
  };
  await host.docker.start(nameOf('redis'), {
    image: 'redis',
    network,
    labels: composeLabels(project, 'redis'),
    command: ['/usr/bin/redis-server', '--save', '', '--protected-mode', 'no'],
  });
  await Promise.all([coins.startRng(1), start('hasher', 1), start('webui', 1)]);
  await start('worker', 1);
  return coins;
}
