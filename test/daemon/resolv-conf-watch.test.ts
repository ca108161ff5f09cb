import { mkdirSync, renameSync, symlinkSync, writeFileSync } from 'node:fs';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { Catalog } from '../../src/catalog/catalog.js';
import { NamesInForce } from '../../src/daemon/names-in-force.js';
import { ResolvConfWatch } from '../../src/daemon/resolv-conf-watch.js';
import { Ground, silentLog } from './support.js';

const ground = new Ground();
const stops: (() => void)[] = [];
afterEach(() => {
  for (const stop of stops.splice(0)) stop();
});

function setup(path: string, ...settings: string[]) {
  const loaded = ground.loaded('dns.listen=["127.0.0.1:5399"]', 'dns.upstreams=system', ...settings);
  const names = new NamesInForce(
    { catalog: new Catalog(), startedAt: 0, log: silentLog, resolvConf: path },
    () => undefined,
  );
  names.prepare(loaded);
  names.start();
  const changes = { count: 0 };
  const said: string[] = [];
  const log = { ...silentLog, warn: (line: string) => said.push(line) };
  const watch = new ResolvConfWatch({ path, names, onChange: () => changes.count++, log });
  watch.start(loaded);
  stops.push(() => watch.stop());
  const upstreams = () =>
    names.current.forwarder.status().routes[0]?.upstreams.map(({ upstream }) => upstream.ip) ?? [];
  return { watch, names, changes, said, upstreams };
}

describe('the host’s resolv.conf', () => {
  it('that is empty at the start is a warning and a problem until it contains a server', async () => {
    const path = ground.path('resolv.conf');
    writeFileSync(path, '');
    const { watch, changes, said, upstreams } = setup(path);
    expect(upstreams()).toEqual([]);
    const message = expect.stringContaining('names no DNS server except Fairlead itself') as string;
    expect(watch.problems()).toEqual([{ code: 'no-upstream', subject: path, message }]);
    expect(said).toEqual([message]);
    writeFileSync(path, 'search corp.local\nnameserver 192.0.2.53\n');
    await vi.waitFor(() => expect(upstreams()).toEqual(['192.0.2.53']));
    expect([watch.problems(), changes.count]).toEqual([[], 1]);
  });

  it('is followed through its symbolic link, however it is written', async () => {
    const target = ground.path('run/stub-resolv.conf');
    mkdirSync(ground.path('run'), { recursive: true });
    writeFileSync(target, 'nameserver 192.0.2.1\n');
    const path = ground.path('linked.conf');
    symlinkSync(target, path);
    const { upstreams } = setup(path);
    expect(upstreams()).toEqual(['192.0.2.1']);
    writeFileSync(`${target}.new`, 'nameserver 192.0.2.2\n');
    renameSync(`${target}.new`, target);
    await vi.waitFor(() => expect(upstreams()).toEqual(['192.0.2.2']));
  });

  it('that contains only our own listener has no server', () => {
    const path = ground.path('own.conf');
    writeFileSync(path, 'nameserver 127.0.0.1\n');
    const { watch, upstreams } = setup(path, 'dns.listen=["127.0.0.1:53"]');
    expect([upstreams(), watch.problems().length]).toEqual([[], 1]);
  });

  it('does not matter if upstreams are configured', () => {
    const path = ground.path('unused.conf');
    const { watch, upstreams } = setup(path, 'dns.upstreams=["192.0.2.9"]');
    expect([upstreams(), watch.problems()]).toEqual([['192.0.2.9'], []]);
    expect(setup(path, 'dns.upstreams=[]').watch.problems()).toEqual([]);
  });
});
