import { mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Catalog } from '../../../src/catalog/catalog.js';
import type { Source } from '../../../src/catalog/facts.js';
import { createFileSource } from '../../../src/sources/file/file-source.js';

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
const until = (check: () => void) => vi.waitFor(check, { timeout: 8000, interval: 20 });

describe('the file source', () => {
  it('tells what the file has, and every change of it', async () => {
    await writeFile(path, service('web'));
    await source.start(catalog.sink('file'));
    expect(services()).toEqual(['web']);
    expect(catalog.snapshot.sources).toMatchObject([{ state: 'live' }]);
    await writeFile(path, service('api'));
    await until(() => expect(services()).toEqual(['api']));
  });

  it('sees a file that an editor puts in its place', async () => {
    await writeFile(path, service('web'));
    await source.start(catalog.sink('file'));
    await writeFile(`${path}.new`, service('api'));
    await rename(`${path}.new`, path);
    await until(() => expect(services()).toEqual(['api']));
  });

  it('keeps the last good facts and shows the mistake until it is mended', async () => {
    await writeFile(path, service('web'));
    await source.start(catalog.sink('file'));
    await writeFile(path, 'stacks:\n  shop: [\n');
    await until(() => expect(catalog.snapshot.sources[0]?.state).toBe('stale'));
    expect(services()).toEqual(['web']);
    expect(catalog.snapshot.problems).toMatchObject([
      { code: 'file-invalid', subject: expect.stringMatching(/^services\.yaml:\d+:\d+$/) as string },
    ]);
    expect(catalog.snapshot.sources[0]?.error).toContain('the last good version stays in force');
    await writeFile(path, service('api'));
    await until(() => expect(services()).toEqual(['api']));
    expect(catalog.snapshot).toMatchObject({ problems: [], sources: [{ state: 'live' }] });
  });

  it('waits for a file that is not there yet', async () => {
    await source.start(catalog.sink('file'));
    expect(catalog.snapshot.sources).toMatchObject([
      { state: 'loading', error: expect.stringContaining('there is no such file') as string },
    ]);
    await writeFile(path, service('web'));
    await until(() => expect(services()).toEqual(['web']));
    expect(catalog.snapshot.problems).toEqual([]);
  });
});
