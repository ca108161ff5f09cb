// Fairlead's proxy plane in a process of its own, told over the channel to its parent what to carry.
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { DesiredBackend, PlaneProblem, VirtualService } from '../../../src/balancer/plane.js';
import { createProxyPlane } from '../../../src/balancer/proxy/proxy-plane.js';
import { CORE, IP } from '../contestants.js';

/** Where it listens. */
export const PLANE_PORT = 17_100;

/** This process as a plane. */
export function bePlane(): void {
  const plane = createProxyPlane({
    log: { warn: (message) => void process.stderr.write(`${message}\n`) },
    // This file is a bundle; what a thread runs is beside the compiled source.
    native: { script: pathToFileURL(resolve('dist/balancer/proxy/tcp/native/carrier-worker.js')) },
  });
  process.on('message', (desired) => {
    void plane.apply(desired as VirtualService[]).then((problems) => process.send?.(problems));
  });
  process.on('disconnect', () => process.exit());
}

export interface Plane {
  /** Resolves when it is carried. @throws Error when it cannot be */
  carry(scheduler: VirtualService['scheduler'], backends: readonly DesiredBackend[]): Promise<void>;
  stop(): Promise<void>;
}

/** @param own the script that is a plane when it is told to */
export function startPlane(own: string): Plane {
  const child: ChildProcess = spawn('taskset', ['-c', CORE.proxy, process.execPath, own, '--plane'], {
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  });
  const ended = once(child, 'exit');
  return {
    async carry(scheduler, backends) {
      const service: VirtualService = {
        ...{ service: 'default/bench/proof', vip: IP, port: PLANE_PORT, protocol: 'tcp' },
        ...{ scheduler, backends },
      };
      const answer = once(child, 'message');
      child.send([service]);
      const [[problem]] = (await answer) as [PlaneProblem[]];
      if (problem) throw new Error(problem.message);
    },
    async stop() {
      child.kill('SIGKILL');
      await ended;
    },
  };
}

export function backend(
  id: string,
  port: number,
  weight = 1,
  state: DesiredBackend['state'] = 'active',
): DesiredBackend {
  return { id, name: id, address: { ip: IP, port }, weight, state };
}
