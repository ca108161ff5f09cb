import { mkdirSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { connect } from 'node:net';
import { tmpdir, userInfo } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Task } from '../catalog/model.js';
import { userSocket } from '../cli/address.js';
import { hasCapability } from '../linux/capabilities.js';

/** The demo's directory for socket and state. The client commands look for the socket there too. */
function demoDirectory(): string {
  return dirname(userSocket(tmpdir(), userInfo().uid));
}

/** Creates the demo's directory, accessible only to this user, because the client commands trust the socket in it. */
export function makeDemoDirectory(): void {
  mkdirSync(demoDirectory(), { recursive: true, mode: 0o700 });
}

/**
 * The configuration of the demo in the form of `--set`. It uses ports above 1024 and loopback, which need no
 * privileges.
 */
export function demoSettings(): string[] {
  const services = fileURLToPath(new URL('../../config/demo/services.yaml', import.meta.url));
  return [
    'dns.listen=["127.0.0.1:5300"]',
    'sources.docker=false',
    `sources.file.path=${services}`,
    'vip.pool=127.43.0.0/16',
    `state=${join(demoDirectory(), 'state')}`,
    `api.listen=["unix:${join(demoDirectory(), 'fairlead.sock')}"]`,
  ];
}

/**
 * Why Fairlead cannot do its main job here; undefined if it can.
 * @param socket the engine's socket
 */
export async function missingForDocker(socket: string): Promise<string | undefined> {
  const reason = await new Promise<string | undefined>((resolve) => {
    const probe = connect(socket);
    probe.once('connect', () => {
      probe.destroy();
      resolve(undefined);
    });
    probe.once('error', (error: NodeJS.ErrnoException) => {
      resolve(
        error.code === 'EACCES'
          ? `this user may not use ${socket}; run as root or join the docker group`
          : `no Docker engine answers at ${socket}`,
      );
    });
  });
  if (reason !== undefined) return reason;
  const missing = (['NET_ADMIN', 'NET_BIND_SERVICE'] as const).filter((each) => !hasCapability(each));
  if (missing.length === 0) return undefined;
  return `the rights to serve 169.254.169.250:53 are missing (${missing.map((each) => `CAP_${each}`).join(', ')}); run as root`;
}

/** Small HTTP servers at the addresses of the demo's tasks. Each answers with its name. */
export async function startDemoTasks(tasks: Iterable<Task>): Promise<{ close(): void }> {
  const servers: Server[] = [];
  for (const task of tasks) {
    for (const { ip } of task.endpoints) {
      for (const { target } of task.ports) {
        const server = createServer((_request, response) => {
          response.setHeader('content-type', 'text/plain');
          response.end(`${task.name} at ${ip}:${target}\n`);
        });
        const listens = await new Promise<boolean>((resolve) => {
          server.once('error', () => resolve(false));
          server.listen(target, ip, () => resolve(true));
        });
        if (listens) servers.push(server);
      }
    }
  }
  return {
    close() {
      for (const server of servers) server.close();
    },
  };
}
