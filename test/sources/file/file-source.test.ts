import { execFileSync } from 'node:child_process';
import { mkdir, mkdtemp, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Catalog } from '../../../src/catalog/catalog.js';
import type { Source } from '../../../src/catalog/facts.js';
import { createFileSource } from '../../../src/sources/file/file-source.js';
import { parseServices } from '../../../src/sources/file/parse-thread.js';
import { bundled } from '../../support/bundled.js';
import { ref } from '../../support/facts.js';

const service = (name: string) => `stacks: { shop: { services: { ${name}: {} } } }\n`;

let directory: string;
let path: string;
let catalog: Catalog;
let source: Source;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'fairlead-file-'));
  path = join(directory, 'services.yaml');
  catalog = new Catalog();
  source = createFileSource({ path, environment: 'default' });
});
afterEach(async () => {
  await source.stop();
  await rm(directory, { recursive: true });
});

const services = () => [...catalog.snapshot.services()].map((each) => each.service);
const until = (check: () => void) => vi.waitFor(check, { interval: 20 });

describe('the file source', () => {
  it('reports the file’s content, and every change', async () => {
    await writeFile(path, service('web'));
    await source.start(catalog.sink('file'));
    expect(services()).toEqual(['web']);
    expect(catalog.snapshot.sources).toMatchObject([{ state: 'live' }]);
    await writeFile(path, service('api'));
    await until(() => expect(services()).toEqual(['api']));
  });

  it('notices when an editor replaces the file', async () => {
    await writeFile(path, service('web'));
    await source.start(catalog.sink('file'));
    await writeFile(`${path}.new`, service('api'));
    await rename(`${path}.new`, path);
    await until(() => expect(services()).toEqual(['api']));
  });

  it('keeps the last good facts and shows the mistake until it is fixed', async () => {
    await writeFile(path, service('web'));
    await source.start(catalog.sink('file'));
    await writeFile(path, 'stacks:\n  shop: [\n');
    await until(() => expect(catalog.snapshot.sources[0]?.state).toBe('stale'));
    expect(services()).toEqual(['web']);
    expect(catalog.snapshot.problems).toMatchObject([
      { code: 'file-invalid', subject: expect.stringMatching(/^services\.yaml:\d+:\d+$/) as string },
    ]);
    expect(catalog.snapshot.sources[0]?.error).toContain('the last good version stays in effect');
    await writeFile(path, service('api'));
    await until(() => expect(services()).toEqual(['api']));
    expect(catalog.snapshot).toMatchObject({ problems: [], sources: [{ state: 'live' }] });
  });

  it('waits for a file that does not exist yet', async () => {
    await source.start(catalog.sink('file'));
    expect(catalog.snapshot.sources).toMatchObject([
      { state: 'loading', error: expect.stringContaining('the file does not exist') as string },
    ]);
    await writeFile(path, service('web'));
    await until(() => expect(services()).toEqual(['web']));
    expect(catalog.snapshot.problems).toEqual([]);
  });

  it('serves the valid part of a file that was never correct, and says what it does not serve', async () => {
    await writeFile(
      path,
      'stacks: { shop: { services: { web: {}, api: { prots: [80] }, db: { ports: [80/tcp, 80/tcp] } } } }\n',
    );
    await source.start(catalog.sink('file'));
    expect(services()).toEqual(['web']);
    expect(catalog.snapshot.loaded).toBe(true);
    const [status] = catalog.snapshot.sources;
    expect(status).toMatchObject({ state: 'stale' });
    expect(status?.error).toMatch(/api.*prots.*; the rest of the file is served until it is fixed$/);
    expect(catalog.snapshot.problems).toMatchObject([{ code: 'file-invalid' }]);
    await writeFile(path, service('api'));
    await until(() => expect(services()).toEqual(['api']));
    expect(catalog.snapshot).toMatchObject({ problems: [], sources: [{ state: 'live' }] });
  });

  it('denies no other name because the file is not YAML at the very first start', async () => {
    await writeFile(path, 'stacks:\n  shop: [\n');
    await source.start(catalog.sink('file'));
    expect(catalog.snapshot.loaded).toBe(true);
    expect(catalog.snapshot.sources[0]?.error).toContain('nothing of the file is served until it is fixed');
  });

  it('keeps the facts of an earlier process when the file has a mistake at the first start', async () => {
    await writeFile(path, 'stacks:\n  shop: [\n');
    const restored = {
      facts: {
        tasks: [],
        services: [{ ...ref('web.shop'), kind: 'tasks' as const }],
        networks: [],
        clients: [],
      },
      asOf: 5000,
    };
    await source.start(catalog.sink('file', restored));
    expect(services()).toEqual(['web']);
    expect(catalog.snapshot.sources).toMatchObject([{ state: 'stale', asOf: 5000 }]);
    expect(catalog.snapshot.sources[0]?.error).toContain('the last good version stays in effect');
  });

  it('retries a file that could not be read, even if nothing changes on disk', async () => {
    const target = join(directory, 'elsewhere', 'services.yaml');
    await symlink(target, path);
    await source.start(catalog.sink('file'));
    expect(catalog.snapshot.sources[0]?.error).toContain('the file does not exist');
    await mkdir(join(directory, 'elsewhere'));
    await writeFile(target, service('web'));
    await until(() => expect(services()).toEqual(['web']));
  });

  it.each(['fifo', 'device'])('is not blocked by a %s at its path', async (kind) => {
    if (kind === 'fifo') execFileSync('mkfifo', [path]);
    else await symlink('/dev/zero', path);
    await source.start(catalog.sink('file'));
    expect(catalog.snapshot.sources[0]?.error).toBe(
      `${path}: is not a regular file; give the path of a regular file`,
    );
  });

  it('parses a long file in a separate thread', async () => {
    const script = bundled(new URL('../../../src/sources/file/parse-worker.ts', import.meta.url));
    const names = Array.from({ length: 3000 }, (_, at) => `web${at}: {}`);
    await writeFile(path, `stacks: { shop: { services: { ${names.join(', ')} } } }\n`);
    source = createFileSource({
      path,
      environment: 'default',
      parse: (input) => parseServices(input, script),
    });
    let turns = 0;
    const ticking = setInterval(() => turns++, 1);
    await source.start(catalog.sink('file'));
    clearInterval(ticking);
    expect(services()).toHaveLength(3000);
    // Other work went on meanwhile: on this thread there would have been no turn for it.
    expect(turns).toBeGreaterThan(2);
  });
});
