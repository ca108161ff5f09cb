import { mkdtempSync, rmSync } from 'node:fs';
import { rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createConsulSource } from '../../src/sources/consul/consul-source.js';
import { createDockerSource } from '../../src/sources/docker/docker-source.js';
import { createFileSource } from '../../src/sources/file/file-source.js';
import { FakeConsul } from '../consul/fake-consul.js';
import { FakeEngine } from './docker/fake-engine.js';
import { timing } from './docker/harness.js';
import { describeSource, type SourceWorld } from './source-contract.js';

const folder = () => mkdtempSync(join(tmpdir(), 'fairlead-source-'));

describeSource('file', async (): Promise<SourceWorld> => {
  const directory = folder();
  const path = join(directory, 'services.yaml');
  let text = 'stacks: {}\n';
  let isAway = false;
  const write = async () => {
    if (isAway) return;
    await writeFile(`${path}.new`, text);
    await rename(`${path}.new`, path);
  };
  await write();
  return {
    create: () => createFileSource({ path, environment: 'default' }),
    async have(tasks) {
      const list = Object.entries(tasks).map(([name, ip]) => ({ name, ip }));
      text = JSON.stringify({ stacks: { shop: { services: { web: { tasks: list } } } } });
      await write();
    },
    async away() {
      isAway = true;
      await rm(path);
    },
    async back() {
      isAway = false;
      await write();
    },
    async spoil() {
      text = 'stacks: [1, 2\n';
      await write();
    },
    close: () => rmSync(directory, { recursive: true }),
  };
});

describeSource('docker', async (): Promise<SourceWorld> => {
  const directory = folder();
  const engine = new FakeEngine(join(directory, 'docker.sock'));
  await engine.up();
  const ids = new Map<string, { readonly id: string; readonly ip: string }>();
  return {
    create: () =>
      createDockerSource({
        socket: engine.socket,
        environment: 'default',
        hostAddress: () => '192.0.2.1',
        resyncMs: 600_000,
        timing,
      }),
    have(tasks) {
      for (const [name, { id, ip }] of ids) {
        if (tasks[name] === ip) continue;
        engine.model.die(id, 0);
        engine.model.destroy(id);
        ids.delete(name);
      }
      for (const [name, ip] of Object.entries(tasks)) {
        if (ids.has(name)) continue;
        const id = engine.model.run(name);
        const place = engine.model.containers.get(id)?.places.get('bridge');
        if (place) place.ip = ip;
        ids.set(name, { id, ip });
      }
    },
    // A slow inspection is told after the list.
    isSettled: (sink) => [...sink.tasks.values()].every(({ startedAt }) => startedAt !== undefined),
    away: () => engine.down(),
    back: () => engine.up(),
    spoil() {
      engine.model.run('bad name ☃', { labels: { 'fairlead.service': '-', 'fairlead.weight': '\u0000' } });
    },
    close: async () => {
      await engine.down();
      rmSync(directory, { recursive: true });
    },
  };
});

describeSource('consul', async (): Promise<SourceWorld> => {
  const consul = new FakeConsul();
  await consul.up();
  return {
    create: () =>
      createConsulSource({
        consul: { address: consul.address },
        services: 'all',
        environment: 'default',
        stack: 'consul',
        pace: { refill: 1, minBackoff: 5, maxBackoff: 10 },
      }),
    have(tasks) {
      for (const id of consul.instances.keys())
        if (/^[a-z]\d*$/.test(id) && !(id in tasks)) consul.remove(id);
      for (const [id, ip] of Object.entries(tasks)) {
        if (consul.instances.get(id)?.Service.Address !== ip) consul.put('web', id, { Address: ip });
      }
    },
    away: () => consul.down(),
    back: () => consul.up(),
    spoil() {
      consul.put('not a name!', 'x/☃', {
        Address: 'host.example',
        Port: -5,
        Meta: null,
        Tags: ['fairlead.weight=-'],
      });
      consul.instances.set(
        'junk',
        JSON.parse('{"Node":7,"Service":{"Service":"web","Tags":3,"ID":[]}}') as never,
      );
    },
    close: () => consul.down(),
  };
});
