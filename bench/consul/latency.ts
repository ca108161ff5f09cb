import { Resolver } from 'node:dns/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { ConsulClient } from '../../src/consul/consul-client.js';
import type { ConsulAgent } from '../../test/e2e/support/consul.js';
import { percentile } from '../support/percentile.js';
import { SimulatedHost } from './simulated-host.js';

export interface LatencyFigures {
  readonly p50_ms: number;
  readonly p99_ms: number;
}

/** From a task of one catalog until it is in another, without an engine and a DNS server: Fairlead, Consul's HTTP and Consul's DNS. */
export async function measureLatency(
  consul: ConsulAgent,
  rounds: number,
  gap: number,
): Promise<Record<'fairlead' | 'consul_http' | 'consul_dns', LatencyFigures>> {
  const here = new SimulatedHost('here', consul.address, 'used', { publishes: false });
  const there = new SimulatedHost('there', consul.address, 'used', { reads: false });
  const client = new ConsulClient({ address: consul.address });
  const resolver = new Resolver({ timeout: 1000, tries: 1 });
  resolver.setServers([`127.0.0.1:${consul.dnsPort}`]);
  there.run([there.task('first', 'web', '10.1.0.1')]);
  await there.start();
  await here.start();
  const samples = { fairlead: [] as number[], consul_http: [] as number[], consul_dns: [] as number[] };
  const isThere = (id: string) => here.until((snapshot) => snapshot.task(id) !== undefined);
  const used = async (): Promise<void> => {
    await here.demand.use({ environment: 'default', stack: 'bench', service: 'web' });
  };
  while (here.catalog.snapshot.task('first') === undefined) {
    await used();
    await delay(50);
  }
  for (let round = 0; round < rounds; round++) {
    const id = `task-${round}`;
    const ip = `10.2.${Math.floor(round / 200)}.${1 + (round % 200)}`;
    const { index } = await client.get('/health/service/bench-web', { query: { stale: '' } });
    const begun = performance.now();
    const since = (): number => performance.now() - begun;
    const byFairlead = isThere(id).then(since);
    const byHttp = untilListed(client, id, index ?? 1n).then(since);
    const byDns = untilResolved(resolver, ip).then(since);
    there.run([there.task('first', 'web', '10.1.0.1'), there.task(id, 'web', ip)]);
    samples.fairlead.push(await byFairlead);
    samples.consul_http.push(await byHttp);
    samples.consul_dns.push(await byDns);
    // One task comes and one goes each time.
    await delay(gap);
  }
  await Promise.all([here.stop(), there.stop()]);
  client.close();
  const figures = (values: readonly number[]): LatencyFigures => ({
    p50_ms: percentile(values, 50),
    p99_ms: percentile(values, 99),
  });
  return {
    fairlead: figures(samples.fairlead),
    consul_http: figures(samples.consul_http),
    consul_dns: figures(samples.consul_dns),
  };
}

async function untilListed(client: ConsulClient, id: string, since: bigint): Promise<void> {
  for (let index = since; ;) {
    const answer = await client.get('/health/service/bench-web', {
      query: { stale: '', index: String(index), wait: '60000ms' },
      timeout: 75_000,
    });
    if (JSON.stringify(answer.body).includes(`"${id}"`)) return;
    index = answer.index ?? 1n;
  }
}

async function untilResolved(resolver: Resolver, ip: string): Promise<void> {
  for (;;) {
    const found = await resolver.resolve4('bench-web.service.consul').catch((): string[] => []);
    if (found.includes(ip)) return;
    await delay(1);
  }
}
