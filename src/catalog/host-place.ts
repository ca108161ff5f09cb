import { isLoopback } from '../net/ip.js';
import { HOST_NETWORK, type Task, type TaskPort } from './model.js';

/** An address and a port to dial there. */
export interface Place {
  readonly address: string;
  readonly port: number;
}

export function isOnHostNetwork(task: Task): boolean {
  return task.endpoints.some((endpoint) => endpoint.network === HOST_NETWORK);
}

/**
 * Where other hosts reach a port of a task of this host: where it is published, or at the host's own address in the
 * host's network. A port that is published on loopback only is not reached.
 * @param hostAddress the host's address; undefined: not known
 */
export function hostPlace(task: Task, port: TaskPort, hostAddress: string | undefined): Place | undefined {
  if (isOnHostNetwork(task))
    return hostAddress === undefined ? undefined : { address: hostAddress, port: port.target };
  for (const { ip, port: number } of port.published ?? []) {
    const isEvery = ip === '' || ip === '0.0.0.0' || ip === '::';
    const address = isEvery ? hostAddress : ip;
    if (address !== undefined && (isEvery || !isLoopback(address))) return { address, port: number };
  }
  return undefined;
}
