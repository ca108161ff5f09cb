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

  it('has its command on the path of the image, as the pages say', () => {
    expect(read('Dockerfile')).toMatch(/^RUN ln -s \/app\/dist\/main\.js \/usr\/local\/bin\/fairlead$/m);
    expect(read('docs/install.md')).toContain('docker exec fairlead fairlead doctor');
    expect((JSON.parse(read('package.json')) as { bin: Record<string, string> }).bin['fairlead']).toBe(
      'dist/main.js',
    );
  });
});
