import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { must } from './command.js';
import type { Host } from './host.js';

const idle = ['/bin/sh', '-c', 'trap "exit 0" TERM; while :; do sleep 3600 & wait $$!; done'];

/** A service of a compose file; image and command are the suite's, unless they are given. */
export type ComposeService = Readonly<Record<string, unknown>>;

export interface ComposeFile {
  readonly services: Readonly<Record<string, ComposeService>>;
  readonly networks?: Readonly<Record<string, unknown>>;
}

/** `docker-compose up`, with the containers of each service. */
export async function composeUp(
  host: Host,
  project: string,
  { services, networks }: ComposeFile,
  scale: Readonly<Record<string, number>> = {},
): Promise<void> {
  const dir = join(host.dir, 'compose', project);
  mkdirSync(dir, { recursive: true });
  const filled = Object.entries(services).map(([name, service]) => [
    name,
    { image: 'tools', command: idle, ...service },
  ]);
  const file = {
    version: '2.4',
    services: Object.fromEntries(filled) as unknown,
    ...(networks && { networks }),
  };
  writeFileSync(join(dir, 'docker-compose.yml'), stringify(file));
  const scales = Object.entries(scale).map(([service, count]) => `--scale=${service}=${count}`);
  await must('docker-compose', ['--project-name', project, 'up', '--detach', ...scales], {
    cwd: dir,
    env: { ...process.env, DOCKER_HOST: `unix://${host.engine.socket}` },
    timeout: 120_000,
  });
}
