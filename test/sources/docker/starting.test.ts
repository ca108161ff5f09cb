import { describe, expect, it, vi } from 'vitest';
import { faults } from './fake-engine.js';
import { timing, useHarness } from './harness.js';

const on = useHarness();

const labels = { 'com.docker.compose.project': 'shop', 'com.docker.compose.service': 'web' };

describe('a starting container', () => {
  it('is known by its labels from its create event on, before the engine answers an inspection', async () => {
    await on.started({ timing: { ...timing, created: 0 } });
    on.engine.faults.set('/containers/', faults.hang);
    on.engine.model.create('shop_web_1', { labels });
    await on.shows('shop_web_1 stopped');
    expect(on.sink.named('shop_web_1')).toMatchObject({ stack: 'shop', reason: 'created, not started' });
  });

  it('has its addresses from its network connect events on, and is healthy when its process runs', async () => {
    await on.started();
    const web = on.engine.model.create('shop_web_1', { labels, networks: ['bridge', 'shop_net'] });
    on.engine.faults.set('/containers/', faults.hang);
    on.engine.model.prepare(web);
    await on.shows('shop_web_1 initializing 172.17.0.2,10.9.1.2');
    expect(on.sink.named('shop_web_1')?.reason).toBe('starting');
    on.engine.faults.clear();
    on.engine.model.start(web);
    await on.shows('shop_web_1 healthy 172.17.0.2,10.9.1.2');
  });

  it('is known on a network that is as new as it is', async () => {
    await on.started();
    on.engine.deliver = (event) => (event.Type === 'network' && event.Action === 'create' ? [] : [event]);
    on.engine.model.addNetwork('new_net', '10.9.7');
    const web = on.engine.model.create('web', { networks: ['new_net'] });
    on.engine.model.prepare(web);
    await on.shows('web initializing 10.9.7.2');
    expect(on.sink.networks.get(on.engine.model.networkId('new_net'))?.name).toBe('new_net');
  });

  it('keeps its addresses when an inspection from before its start is answered late', async () => {
    await on.started({ timing: { ...timing, created: 0 } });
    const held: (() => void)[] = [];
    on.engine.faults.set('/containers/', (response) => held.push(() => response.end(before)));
    const web = on.engine.model.create('web');
    const before = JSON.stringify(on.engine.model.inspectJson(web));
    await vi.waitFor(() => expect(held).toHaveLength(1));
    on.engine.faults.clear();
    on.engine.model.prepare(web);
    await on.shows('web initializing 172.17.0.2');
    const told = on.sink.updates.length;
    held[0]?.();
    // It is asked again, and answered when the start has ended.
    await vi.waitFor(() => expect(on.engine.inspected()).toHaveLength(2));
    on.engine.model.start(web);
    await on.shows('web healthy 172.17.0.2');
    const healths = on.sink.updates.slice(told).flatMap(({ tasks }) => tasks?.map(({ health }) => health));
    expect(healths).toEqual(['healthy']);
  });

  it('loses its addresses when the start fails', async () => {
    await on.started();
    const web = on.engine.model.create('web');
    on.engine.model.prepare(web);
    await on.shows('web initializing 172.17.0.2');
    on.engine.model.fail(web);
    await on.shows('web stopped');
  });

  it('keeps its addresses through a list that shows it as created', async () => {
    await on.started();
    const web = on.engine.model.create('web');
    on.engine.model.prepare(web);
    await on.shows('web initializing 172.17.0.2');
    const before = on.sink.updates.length;
    const held: (() => void)[] = [];
    on.engine.faults.set(`/containers/${web}`, (response) => {
      held.push(() => response.end(JSON.stringify(on.engine.model.inspectJson(web))));
    });
    on.engine.send('this is no event\n');
    await vi.waitFor(() => expect(held).toHaveLength(1));
    on.engine.faults.clear();
    on.engine.model.start(web);
    held[0]?.();
    await on.shows('web healthy 172.17.0.2');
    const healths = on.sink.updates.slice(before).flatMap(({ tasks }) => tasks?.map(({ health }) => health));
    expect(healths).toEqual(['healthy']);
  });

  it('on an overlay network also has its address on docker_gwbridge, for which there is no event', async () => {
    on.engine.model.addNetwork('docker_gwbridge', '172.18.0');
    on.engine.model.addNetwork('mesh', '10.0.1', 'overlay');
    await on.started();
    const web = on.engine.model.create('web', { networks: ['mesh'] });
    on.engine.model.gatewayBridge.set(web, '172.18.0.7');
    on.engine.model.prepare(web);
    const known = () => on.sink.named('web');
    await on.sink.until(
      () => known()?.clientAddresses?.[0] === '172.18.0.7' && known()?.endpoints[0]?.ip === '10.0.1.2',
    );
    expect(known()?.health).toBe('initializing');
  });

  it('many at once cause few inspections of their network', async () => {
    await on.started();
    const ids = Array.from({ length: 60 }, (_, at) => on.engine.model.create(`web${at}`));
    for (const id of ids) on.engine.model.start(id);
    const healthy = () => [...on.sink.tasks.values()].filter(({ health }) => health === 'healthy');
    await on.sink.until(() => healthy().length === 60);
    const asked = on.engine.requests.filter((path) => /^\/networks\/\w/.test(path));
    expect(asked.length).toBeLessThan(20);
  });
});
