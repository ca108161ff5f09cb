import { readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import type { ConsulAgent } from '../../test/e2e/support/consul.js';
import { SimulatedHost } from './simulated-host.js';

/** A clock tick of /proc is a hundredth of a second on every Linux. */
const TICKS = 100;

/** CPU seconds of a process and its threads, user and system. */
export function cpuSeconds(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? [];
  return (Number(fields[11]) + Number(fields[12])) / TICKS;
}

export interface LoadFigures {
  readonly services: number;
  /** While nothing changes. */
  readonly requests_per_second_and_service: number;
  readonly connections: number;
  readonly cpu_percent: number;
  readonly memory_mb: number;
}

/** Puts services into Consul, each with one instance. */
export async function register(consul: ConsulAgent, count: number): Promise<void> {
  for (let at = 0; at < count; at++) {
    const Address = `10.3.${Math.floor(at / 200)}.${1 + (at % 200)}`;
    await consul.put('/agent/service/register', { ID: `s${at}`, Name: `s${at}`, Address, Port: 80 });
  }
}

/** What a host costs that watches every service, while nothing changes. */
export async function measureIdle(consul: ConsulAgent, count: number, seconds: number): Promise<LoadFigures> {
  await register(consul, count);
  globalThis.gc?.();
  const before = process.memoryUsage().rss;
  const host = new SimulatedHost('idle', consul.address, 'all', { publishes: false });
  await host.start();
  await host.until((snapshot) => snapshot.taskCount >= count);
  // The first round of all polled services belongs to the start.
  await delay(5000);
  const [requests, cpu] = [host.requests, process.cpuUsage()];
  await delay(seconds * 1000);
  const { user, system } = process.cpuUsage(cpu);
  const figures = {
    services: count,
    requests_per_second_and_service: round((host.requests - requests) / seconds / count, 4),
    connections: process.getActiveResourcesInfo().filter((kind) => kind === 'TCPSocketWrap').length,
    cpu_percent: round((user + system) / 1e6 / seconds / 0.01, 2),
    memory_mb: round((process.memoryUsage().rss - before) / 2 ** 20, 1),
  };
  await host.stop();
  return figures;
}

export function round(value: number, digits: number): number {
  return Number(value.toFixed(digits));
}
