import { describe, expect, it, vi } from 'vitest';
import { faults } from './fake-engine.js';
import { impatient, timing, useHarness } from './harness.js';

const on = useHarness();

describe('events', () => {
  it('a start, a stop signal, a death and a removal, each with its cause', async () => {
    await on.started();
    const web = on.engine.model.run('web');
    await on.shows('web healthy 172.17.0.2');
    on.engine.model.kill(web);
    await on.shows('web draining 172.17.0.2');
    expect(on.sink.named('web')?.reason).toBe('stop signal 15 sent');
    on.engine.model.die(web, 137);
    await on.shows('web stopped');
    on.engine.model.destroy(web);
    await on.shows();
    // The network's answer may come after the start.
    expect(on.sink.causes.filter((cause) => cause !== 'network connect bridge')).toEqual([
      ...['create', 'start', 'kill signal 15', 'die exit 137', 'destroy'],
    ]);
  });

  it('a death removes the address before the engine answers anything', async () => {
    const web = on.engine.model.run('web');
    await on.started();
    on.engine.faults.set('/containers/', faults.hang);
    on.engine.model.die(web, 1);
    await on.shows('web stopped');
  });

  it('an answer from before the death does not bring it back', async () => {
    const web = on.engine.model.run('web');
    on.engine.forget();
    await on.started();
    const held: (() => void)[] = [];
    on.engine.faults.set(`/containers/${web}`, (response) => {
      const json = JSON.stringify(on.engine.model.inspectJson(web));
      held.push(() => response.end(json));
    });
    on.engine.model.rename(web, 'front');
    await vi.waitFor(() => expect(held).toHaveLength(1));
    on.engine.faults.clear();
    on.engine.model.die(web, 1);
    await on.shows('web stopped');
    held[0]?.();
    await on.shows('front stopped');
    const healths = on.sink.updates.flatMap(({ tasks }) => tasks?.map(({ health }) => health));
    expect(new Set(healths)).toEqual(new Set(['stopped']));
  });

  it('a signal without effect is forgotten', async () => {
    const web = on.engine.model.run('web', { stopTimeout: 0 });
    // Long enough to be seen on a busy machine.
    await on.started({ timing: { ...timing, drainGrace: 1000 } });
    on.engine.model.kill(web);
    await on.shows('web draining 172.17.0.2');
    await on.shows('web healthy 172.17.0.2');
    expect(on.sink.causes.at(-1)).toBe('kill signal 15 had no effect');
  });

  it('an ordinary signal changes nothing, but the container’s own stop signal does', async () => {
    const web = on.engine.model.run('web', { stopSignal: 'SIGUSR1' });
    await on.started();
    on.engine.model.kill(web, 1);
    on.engine.model.kill(web, 10);
    await on.shows('web draining 172.17.0.2');
    expect(on.sink.causes).toEqual(['kill signal 10']);
  });

  it('pause, health, rename, connect and disconnect', async () => {
    const web = on.engine.model.run('web', { healthcheck: true });
    await on.started();
    expect(on.sink.picture).toEqual(['web initializing 172.17.0.2']);
    on.engine.model.health(web, 'healthy');
    await on.shows('web healthy 172.17.0.2');
    on.engine.model.pause(web);
    await on.shows('web unhealthy 172.17.0.2');
    on.engine.model.unpause(web);
    await on.shows('web healthy 172.17.0.2');
    on.engine.model.rename(web, 'front');
    await on.shows('front healthy 172.17.0.2');
    on.engine.model.connect(web, 'shop_net');
    await on.shows('front healthy 172.17.0.2,10.9.1.2');
    on.engine.model.disconnect(web, 'bridge');
    await on.shows('front healthy 10.9.1.2');
    expect(on.sink.causes).toEqual([
      ...['health_status: healthy', 'pause', 'unpause', 'rename web -> front'],
      ...['network connect shop_net', 'network disconnect bridge'],
    ]);
  });

  it('a hundred starts cost a hundred inspections, and probes of health cost none', async () => {
    await on.started();
    for (let count = 0; count < 100; count++) on.engine.model.run(`web${count}`);
    const healthy = () => [...on.sink.tasks.values()].filter(({ health }) => health === 'healthy');
    await on.sink.until(() => healthy().length === 100);
    on.engine.send('{"Type":"container","Action":"exec_start: probe","Actor":{"ID":"abc"}}\n');
    on.engine.model.run('marker');
    await on.sink.until(() => on.sink.named('marker')?.health === 'healthy');
    expect(on.engine.inspected()).toHaveLength(101);
  });

  it('a container that was only created counts as stopped', async () => {
    await on.started();
    on.engine.model.create('later');
    await on.shows('later stopped');
  });

  it('networks come and go', async () => {
    await on.started();
    on.engine.model.addNetwork('new_net', '10.8.0');
    await on.sink.until(() => on.sink.networks.has(on.engine.model.networkId('new_net')));
    expect(on.sink.causes).toEqual(['network create']);
  });

  it('children of a container’s network go with it', async () => {
    const parent = on.engine.model.run('parent');
    on.engine.model.run('child', { mode: `container:${parent}` });
    await on.started();
    expect(on.sink.picture).toEqual(['child healthy 172.17.0.2', 'parent healthy 172.17.0.2']);
    on.engine.model.die(parent);
    await on.shows('child unhealthy', 'parent stopped');
    on.engine.model.start(parent);
    await on.shows('child unhealthy', 'parent healthy 172.17.0.2');
    expect(on.sink.named('child')?.reason).toContain('earlier run of parent');
  });

  it('the address on docker_gwbridge is a task’s source address', async () => {
    on.engine.model.networks.set('docker_gwbridge', { id: 'f'.repeat(64), subnet: '172.18.0' });
    on.engine.model.networks.set('ingress', { id: 'e'.repeat(64), subnet: '10.0.0', ingress: true });
    const task = on.engine.model.run('api.1.k2', { networks: ['ingress', 'shop_net'] });
    on.engine.model.gatewayBridge.set(task, '172.18.0.4');
    await on.started();
    expect(on.sink.named('api.1.k2')).toMatchObject({
      clientAddresses: ['172.18.0.4'],
      endpoints: [{ ip: '10.9.1.2' }],
    });
  });

  it('host mode and none', async () => {
    on.engine.model.run('on_host', { mode: 'host' });
    on.engine.model.run('alone', { mode: 'none' });
    await on.started();
    expect(on.sink.picture).toEqual(['alone healthy', 'on_host healthy 192.0.2.1']);
  });

  it.each<[string, (line: string) => string[]]>([
    ['cut at every byte', (line) => Array.from(line)],
    [
      'with a line before and half of one after',
      (line) => [`{"Type":"builder","Action":"prune"}\n${line}{"Ty`, 'pe":"x"}\n'],
    ],
    ['between nonsense', (line) => [`nonsense\n${line}`]],
  ])('arrive %s', async (_what, chunk) => {
    await on.started();
    on.engine.chunk = chunk;
    on.engine.model.run('wéb'.replace('é', 'e'), { labels: { note: 'grüße ☃' } });
    await on.shows('web healthy 172.17.0.2');
  });

  it('duplicate events and events of an earlier run change nothing', async () => {
    const web = on.engine.model.run('web');
    await on.started();
    const held: Parameters<typeof on.engine.deliver>[0][] = [];
    on.engine.deliver = (event) => {
      held.push(event);
      return [event, event];
    };
    on.engine.model.kill(web);
    on.engine.model.die(web);
    on.engine.model.start(web);
    await on.sink.until(() => on.sink.causes.includes('start'));
    await on.shows('web healthy 172.17.0.2');
    const before = on.sink.updates.length;
    const inspections = on.engine.inspected().length;
    on.engine.deliver = (event) => [event];
    // As a replay would bring them: the same events with other stamps.
    const old = held
      .filter(({ Action }) => Action !== 'start')
      .map((event) => ({ ...event, scope: 'again' }));
    for (const event of old)
      on.engine.send(
        `${JSON.stringify({ ...event, timeNano: undefined, time: 1 }).replace('"scope":"again"', '"timeNano":5')}\n`,
      );
    await vi.waitFor(() => expect(on.engine.inspected().length).toBeGreaterThan(inspections));
    on.engine.model.run('marker');
    await on.sink.until(() => on.sink.named('marker')?.health === 'healthy');
    const told = on.sink.updates.slice(before).flatMap(({ tasks }) => tasks?.map(({ name }) => name));
    expect(new Set(told)).toEqual(new Set(['marker']));
  });
});

describe('one broken container', () => {
  it.each(['hang', 'hangAfterHeaders', 'serverError', 'garbage', 'cut'] as const)(
    'does not delay the others, and is served from the list’s data: %s',
    async (fault) => {
      const bad = on.engine.model.run('bad');
      on.engine.faults.set(`/containers/${bad}`, faults[fault]);
      on.engine.model.run('good');
      await on.started({ timing: impatient });
      // A busy machine may make the other's answer late, once.
      await on.sink.until(() => on.sink.problems.length === 1 && on.sink.problems[0]?.task === bad);
      await on.shows('bad healthy 172.17.0.2', 'good healthy 172.17.0.3');
      expect(on.sink.problems).toMatchObject([
        { code: 'container-unreadable', subject: 'container bad', task: bad },
      ]);
      expect(on.sink.problems[0]?.message).toMatch(
        /^container bad: inspecting it.*|^container bad: the engine answered 500/,
      );
      on.engine.faults.clear();
      await on.sink.until(() => on.sink.problems.length === 0);
      expect(on.sink.picture).toContain('bad healthy 172.17.0.2');
    },
  );

  it('does not delay the events of others when many hang', async () => {
    for (let count = 0; count < 20; count++) {
      on.engine.faults.set(`/containers/${on.engine.model.run(`bad${count}`)}`, faults.hang);
    }
    await on.started({ timing: impatient });
    on.engine.model.run('good');
    await on.sink.until(() => on.sink.named('good')?.health === 'healthy');
  });

  it('keeps its last state when it was known before', async () => {
    const web = on.engine.model.run('web', { labels: { 'fairlead.weight': '7' } });
    await on.started();
    on.engine.faults.set(`/containers/${web}`, faults.serverError);
    on.engine.model.rename(web, 'front');
    await on.sink.until(() => on.sink.problems.length > 0);
    expect(on.sink.named('web')).toMatchObject({ weight: 7, health: 'healthy' });
    on.engine.faults.clear();
    await on.sink.until(() => on.sink.named('front') !== undefined && on.sink.problems.length === 0);
  });

  it('reports a label that is not a valid name, until the container is gone', async () => {
    await on.started();
    const web = on.engine.model.run('web', { labels: { 'fairlead.service': 'my shop' } });
    await on.sink.until(() => on.sink.problems.length === 1);
    expect(on.sink.problems[0]).toMatchObject({ code: 'label-invalid', task: web });
    on.engine.model.destroy(web);
    await on.sink.until(() => on.sink.problems.length === 0 && on.sink.tasks.size === 0);
  });

  it('is forgotten if it is gone after the engine was away', async () => {
    await on.started();
    const bad = on.engine.model.create('bad');
    on.engine.faults.set(`/containers/${bad}`, faults.serverError);
    on.engine.model.start(bad);
    await on.sink.until(() => on.sink.problems.length > 0);
    await on.engine.down();
    await on.sink.until(() => on.sink.state === 'stale');
    on.engine.model.destroy(bad);
    on.engine.faults.clear();
    await on.engine.up();
    await on.sink.until(() => on.sink.problems.length === 0 && on.sink.tasks.size === 0);
  });

  it('is read again when the engine was away', async () => {
    const bad = on.engine.model.run('bad');
    await on.started();
    on.engine.faults.set(`/containers/${bad}`, faults.serverError);
    on.engine.model.unpause(bad);
    on.engine.model.pause(bad);
    on.engine.model.unpause(bad);
    await on.sink.until(() => on.sink.problems.length > 0);
    on.engine.faults.clear();
    await on.engine.down();
    await on.engine.up();
    await on.sink.until(() => on.sink.problems.length === 0);
  });
});
