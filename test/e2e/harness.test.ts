import { afterAll, beforeAll, expect, test } from 'vitest';
import { askAll } from './support/ask.js';
import { createDocker, type Docker } from './support/docker.js';
import { createEngine, type Engine } from './support/engine.js';
import { loadImages } from './support/images.js';
import { createNetns, type Netns } from './support/netns.js';
import { describeOnHost } from './support/requirements.js';
import { startUpstream } from './support/upstream.js';
import { createWorkspace, type Workspace } from './support/workspace.js';

// The suite's own tools, without Fairlead: when this fails, the machine or the harness is at fault.
describeOnHost('the harness', () => {
  let workspace: Workspace;
  let netns: Netns;
  let engine: Engine;
  let docker: Docker;

  beforeAll(async () => {
    workspace = await createWorkspace();
    netns = await createNetns(workspace.netnsName, '192.0.2.1');
    engine = createEngine(netns, workspace.dir, { dns: '192.0.2.1' });
    await engine.start();
    docker = createDocker(engine.socket);
    await loadImages(docker, ['tools', 'node', 'redis']);
  });

  afterAll(async () => {
    await docker.clear();
    await engine.close();
    await netns.remove();
    await workspace.remove();
  });

  test('all resolvers in a container ask the engine-wide server, from a bridge and from a user network', async () => {
    const records = { 'one.example.org': { A: ['192.0.2.1'], AAAA: [] } };
    const upstream = await startUpstream(netns, '192.0.2.1', records);
    await docker.cli('network', 'create', 'user');
    await Promise.all([docker.start('on-bridge'), docker.start('on-user', { network: 'user' })]);
    for (const container of ['on-bridge', 'on-user']) {
      const answers = await askAll(docker, container, ['one.example.org', 'absent.example.org']);
      expect(answers.get('one.example.org')).toEqual({
        glibc: ['192.0.2.1'],
        musl: ['192.0.2.1'],
        ping: { address: '192.0.2.1', answered: true },
        busyboxPing: { address: '192.0.2.1', answered: true },
        nslookup: ['192.0.2.1'],
      });
      expect(answers.get('absent.example.org')).toEqual({
        glibc: [],
        musl: [],
        ping: { address: undefined, answered: false },
        busyboxPing: { address: undefined, answered: false },
        nslookup: [],
      });
    }
    expect(new Set(upstream.queries)).toContain('one.example.org AAAA');
  });

  test('containers of each image run', async () => {
    await docker.start('node', { image: 'node', command: ['node', '-e', 'setInterval(() => {}, 1000)'] });
    await docker.start('redis', { image: 'redis', command: ['/usr/bin/redis-server', '--save', ''] });
    expect((await docker.exec('node', 'node', '--version')).stdout.trim()).toBe(process.version);
    expect((await docker.inspect('redis')).State.Running).toBe(true);
    await docker.remove('node', 'redis');
  });

  test('an engine that was killed starts again', async () => {
    await engine.crash();
    await engine.start();
    expect(await docker.cli('version', '--format', '{{.Server.Version}}')).not.toBe('');
  });
});
