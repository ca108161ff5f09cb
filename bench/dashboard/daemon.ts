import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { freePorts } from '../../test/e2e/support/free-ports.js';
import { requestOverSocket } from '../../test/e2e/support/http.js';
import { until } from '../../test/e2e/support/poll.js';
import { addressesFrom } from '../dns/addresses.js';

export const SERVICES = 1000;
const TASKS_EACH = 10;
export const TASKS = SERVICES * TASKS_EACH;

export interface BoardDaemon {
  readonly url: string;
  /** Where its unix socket is. */
  readonly socket: string;
  /** The port of its name server. */
  readonly dns: number;
  readonly pid: number;
  readonly stop: () => Promise<void>;
}

/** The built daemon with all services and tasks in a services file. */
export async function startDaemon(main: string, dir: string): Promise<BoardDaemon> {
  const [dns = 0, http = 0] = await freePorts(2);
  const socket = join(dir, 'api.sock');
  writeFileSync(join(dir, 'services.yaml'), servicesFile());
  writeFileSync(
    join(dir, 'fairlead.yaml'),
    `state: ${dir}/state
log: { level: warn }
dns: { listen: ['127.0.0.1:${dns}'], upstreams: [] }
vip: false
sources: { file: { path: services.yaml } }
api: { listen: ['unix:${socket}', '127.0.0.1:${http}'] }
`,
  );
  const child = spawn(process.execPath, [main, 'run', '--config', join(dir, 'fairlead.yaml')], {
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  const ready = () => requestOverSocket(socket, 'GET', '/readyz', 2000);
  await until('the daemon is ready', ready, ({ status }) => status === 200, { within: 120_000 });
  const stop = async (): Promise<void> => {
    const ended = once(child, 'exit');
    child.kill('SIGTERM');
    await ended;
  };
  return { url: `http://127.0.0.1:${http}`, socket, dns, pid: child.pid ?? 0, stop };
}

function servicesFile(): string {
  const address = addressesFrom('10.0.0.1');
  const lines = ['stacks:'];
  for (let service = 0; service < SERVICES; service++) {
    if (service % 20 === 0) lines.push(`  stack${service / 20}:`, '    services:');
    lines.push(`      service${service}:`, '        ports: [http=80/tcp]', '        tasks:');
    for (let task = 0; task < TASKS_EACH; task++) {
      const at = service * TASKS_EACH + task;
      lines.push(`          - { name: task${at}, ip: ${address(at)} }`);
    }
  }
  return `${lines.join('\n')}\n`;
}
