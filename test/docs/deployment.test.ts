import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';

const root = join(import.meta.dirname, '../..');
const read = (name: string) => readFileSync(join(root, name), 'utf8');

describe('what Fairlead is deployed with', () => {
  it('starts as a unit when the network, and therefore resolv.conf, is available', () => {
    const unit = read('config/fairlead.service');
    for (const key of ['After', 'Wants'])
      expect(new RegExp(`^${key}=(.*)$`, 'm').exec(unit)?.[1]?.split(' ')).toContain('network-online.target');
  });

  it("forwards to the host's servers in a container, whatever daemon.json says", () => {
    const mount = '/etc/resolv.conf:/etc/resolv.conf:ro';
    const compose = parse(read('config/compose.yaml')) as { services: { fairlead: { volumes: string[] } } };
    expect(compose.services.fairlead.volumes).toContain(mount);
    expect(read('Dockerfile')).toContain(`-v ${mount}`);
  });

  it('can adopt containers from a container: their files, their namespaces', () => {
    const { services } = parse(read('config/compose.yaml')) as {
      services: {
        fairlead: Record<'volumes' | 'cap_add', string[]> & Record<'pid' | 'network_mode', string>;
      };
    };
    const { volumes, cap_add: rights, pid, network_mode: network } = services.fairlead;
    expect({ pid, network }).toEqual({ pid: 'host', network: 'host' });
    const files = '/var/lib/docker/containers:/var/lib/docker/containers';
    expect(volumes).toEqual(expect.arrayContaining([files, '/var/run:/var/run']));
    expect(rights).toEqual(expect.arrayContaining(['NET_ADMIN', 'NET_BIND_SERVICE', 'SYS_ADMIN']));
    for (const text of [`-v ${files}`, '--pid host', '--cap-add SYS_ADMIN'])
      expect(read('Dockerfile')).toContain(text);
  });

  it('has a user of its own as a unit, which is made when it starts, and the rights for all that it does', () => {
    const unit = new Map(
      [...read('config/fairlead.service').matchAll(/^(\w+)=(.*)$/gm)].map(([, key = '', value = '']) => [
        key,
        value,
      ]),
    );
    expect(['DynamicUser', 'SupplementaryGroups', 'StateDirectory'].map((key) => unit.get(key))).toEqual([
      'yes',
      'docker',
      'fairlead',
    ]);
    const rights = unit.get('AmbientCapabilities')?.split(' ') ?? [];
    expect(rights).toEqual(unit.get('CapabilityBoundingSet')?.split(' '));
    for (const right of ['NET_ADMIN', 'NET_BIND_SERVICE', 'DAC_OVERRIDE', 'SYS_ADMIN'])
      expect(rights).toContain(`CAP_${right}`);
    expect(unit.get('ReadWritePaths')).toBe('-/var/lib/docker/containers');
  });

  it('says as which user the image runs, and why', () => {
    expect(read('Dockerfile')).toMatch(/^USER root$/m);
    expect(read('SECURITY.md')).toContain('The image runs as root, because');
  });

  it('has its command on the path of the image, as the pages say', () => {
    expect(read('Dockerfile')).toMatch(/^RUN ln -s \/app\/dist\/main\.js \/usr\/local\/bin\/fairlead$/m);
    expect(read('docs/install.md')).toContain('docker exec fairlead fairlead doctor');
    expect((JSON.parse(read('package.json')) as { bin: Record<string, string> }).bin['fairlead']).toBe(
      'dist/main.js',
    );
  });
});
