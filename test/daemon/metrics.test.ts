import { readdirSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { ask as askApi } from '../api/fixture.js';
import { parseExposition, type ParsedFamily } from '../api/exposition-parser.js';
import { processFigures } from '../../src/daemon/metrics-process.js';
import { ask, Ground } from './support.js';

const ground = new Ground();

let listening: Server[] = [];
afterEach(async () => {
  await Promise.all(listening.map((server) => new Promise((resolve) => server.close(resolve))));
  listening = [];
});

async function scrape(): Promise<ReadonlyMap<string, ParsedFamily>> {
  return parseExposition((await askApi(ground.path('api.sock'), '/metrics?tasks')).text);
}

/** The value of a sample; undefined when there is none with these labels. */
function valueOf(
  families: ReadonlyMap<string, ParsedFamily>,
  name: string,
  labels: Readonly<Record<string, string>> = {},
): number | undefined {
  const wanted = Object.entries(labels);
  const [sample] = (families.get(name)?.samples ?? []).filter((each) =>
    wanted.every(([label, text]) => each.labels[label] === text),
  );
  return sample?.value;
}

describe('the metrics of a daemon', () => {
  it('count its work', async () => {
    const server = createServer((socket) => socket.on('error', () => undefined));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    listening.push(server);
    const { port } = server.address() as { port: number };
    const sick = (name: string) => `{ name: ${name}, ip: 192.0.2.9, health: unhealthy }`;
    writeFileSync(
      ground.path('services.yaml'),
      `stacks:
  shop:
    services:
      web: { tasks: [{ name: w1, ip: 127.0.0.1, labels: { fairlead.health.port: "${port}", fairlead.health.interval: 100ms, fairlead.health.rise: "1" } }] }
      sad: { tasks: [${sick('s1')}, ${sick('s2')}] }
      odd: { tasks: [{ name: o1, ip: 192.0.2.8, labels: { fairlead.health.type: ping } }] }
`,
    );
    const daemon = await ground.started();
    await vi.waitFor(() =>
      expect(daemon.catalog.snapshot.tasksNamed('default', 'w1')[0]?.health).toBe('healthy'),
    );
    const before = await scrape();
    expect(await ask(daemon, 'web.shop.rancher.internal')).toBe('127.0.0.1/5');
    expect(await ask(daemon, 'nobody.shop.rancher.internal', 'AAAA')).toBe('NXDOMAIN');
    const after = await scrape();
    const grown = (name: string, labels: Readonly<Record<string, string>> = {}) =>
      (valueOf(after, name, labels) ?? NaN) - (valueOf(before, name, labels) ?? 0);
    expect(grown('fairlead_dns_packets_total', { transport: 'udp' })).toBe(2);
    expect(grown('fairlead_dns_queries_total', { type: 'A' })).toBe(1);
    expect(grown('fairlead_dns_replies_total', { rcode: 'NXDOMAIN' })).toBe(1);
    expect(valueOf(after, 'fairlead_service_panic', { service: 'sad.shop' })).toBe(1);
    expect(valueOf(after, 'fairlead_tasks', { health: 'unhealthy' })).toBe(2);
    expect(valueOf(after, 'fairlead_problems', { code: 'health-check-invalid' })).toBe(1);
    expect(valueOf(after, 'fairlead_checks', { kind: 'tcp', health: 'healthy' })).toBe(1);
    expect(valueOf(after, 'fairlead_probes_total', { kind: 'tcp', result: 'passed' })).toBeGreaterThan(0);
    const last = valueOf(after, 'fairlead_source_last_good_timestamp_seconds', { source: 'file' }) ?? 0;
    expect(Math.abs(last - Date.now() / 1000)).toBeLessThan(60);
  });

  it('show the cost of the process', async () => {
    const { cpuSeconds, residentBytes, startedAt, openFds, maxFds } = await processFigures.figures();
    const { user, system } = process.cpuUsage();
    expect(cpuSeconds).toBeGreaterThan(0);
    expect(cpuSeconds).toBeLessThanOrEqual((user + system) / 1e6);
    expect(residentBytes).toBeGreaterThan(10_000_000);
    expect(startedAt).toBeLessThanOrEqual(Date.now());
    if (process.platform !== 'linux') return;
    // Others of this process open and close files meanwhile.
    expect(Math.abs((openFds ?? NaN) - readdirSync('/proc/self/fd').length)).toBeLessThan(50);
    expect(maxFds).toBeGreaterThanOrEqual(256);
  });
});
