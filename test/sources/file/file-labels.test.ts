import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { Catalog } from '../../../src/catalog/catalog.js';
import { ownLabels } from '../../../src/labels/label-table.js';
import { labelNotes } from '../../../src/sources/file/file-labels.js';
import { parseServicesFile } from '../../../src/sources/file/parse.js';
import { createFileSource } from '../../../src/sources/file/file-source.js';

/** A file with these labels at the service and at the first of its two tasks. */
function parsed(service: object, task: object, more: object = {}) {
  const tasks = [{ name: 'a', labels: task, ...more }, { name: 'b' }];
  const text = JSON.stringify({ stacks: { shop: { services: { web: { labels: service, tasks } } } } });
  const found = parseServicesFile(text, 'default');
  if (!found.ok) throw new Error(JSON.stringify(found.faults));
  return found;
}

describe('fairlead.sealed in a services file', () => {
  it.each([
    ['true', true, 0],
    [true, true, 0],
    ['false', undefined, 0],
    ['perhaps', undefined, 1],
  ])('%j at a service', (text, sealed, warned) => {
    const { facts, warnings } = parsed({ 'fairlead.sealed': text }, {});
    expect(facts.services?.[0]?.sealed).toBe(sealed);
    expect(warnings).toHaveLength(warned);
  });
});

describe('fairlead.drain in a services file', () => {
  it.each<[object, object, object, string, string]>([
    [{}, { 'fairlead.drain': 'true' }, {}, 'draining', 'healthy'],
    [{ 'fairlead.drain': 'true' }, {}, {}, 'draining', 'draining'],
    [{ 'fairlead.drain': true }, { 'fairlead.drain': false }, {}, 'healthy', 'draining'],
    [{ 'fairlead.drain': 'no' }, {}, {}, 'healthy', 'healthy'],
    [{ 'fairlead.drain': 'true' }, {}, { health: 'stopped' }, 'stopped', 'draining'],
    [{ 'fairlead.drain': 'true' }, {}, { health: 'unhealthy' }, 'unhealthy', 'draining'],
  ])('at the service %j, at the task %j, which is %j: %s, the other task %s', (service, task, more, a, b) => {
    const { facts, warnings } = parsed(service, task, more);
    expect(facts.tasks.map(({ health }) => health)).toEqual([a, b]);
    expect(warnings).toEqual([]);
    const [first] = facts.tasks;
    if (a === 'draining') expect(first?.reason).toBe('label fairlead.drain=true');
  });

  it('with a value other than true and false is reported and drains nothing', () => {
    const { facts, warnings } = parsed({}, { 'fairlead.drain': 'perhaps' });
    expect(facts.tasks[0]?.health).toBe('healthy');
    expect(warnings).toMatchObject([
      {
        code: 'label-invalid',
        message:
          'label fairlead.drain="perhaps" must be true or false; this is ignored; correct it or remove the label',
      },
    ]);
  });
});

describe('labels without effect in a services file', () => {
  it.each([
    ['fairlead.helth.port', 'is unknown to Fairlead; did you mean fairlead.health.port?'],
    ['fairlead.drian', 'is unknown to Fairlead; did you mean fairlead.drain?'],
    ['fairlead.nonsense.at.all', 'is unknown to Fairlead; see docs/sources-file.md'],
    [
      'fairlead.weight',
      'is for containers and has no effect on a task of this file; use the key weight of the task',
    ],
    [
      'fairlead.affinity',
      'is for containers and has no effect on a task of this file; use the key balancing.affinity of the service',
    ],
  ])('%s %s', (label, message) => {
    expect(parsed({}, { [label]: '1' }).warnings).toEqual([
      {
        line: 1,
        column: expect.any(Number) as number,
        code: 'label-unknown',
        message: `label ${label} ${message}`,
      },
    ]);
  });

  it('are all those of containers but fairlead.drain and a service’s fairlead.sealed, each with what to do', () => {
    for (const label of Object.keys(ownLabels).filter((each) => each !== 'fairlead.drain')) {
      const [note] = labelNotes({ [label]: 'x' }, label === 'fairlead.sealed' ? 'task' : 'service');
      expect(note?.message).toContain('is for containers and has no effect');
    }
  });

  it('do not include foreign labels, nor those of health checks', () => {
    const labels = { team: 'blue', 'fairlead.health.prot': '1', 'com.example.drain': 'x', fairlead: 'y' };
    expect(parsed(labels, labels).warnings).toEqual([]);
  });

  it('are problems with line and column, and the rest of the file applies', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'fairlead-labels-'));
    const path = join(directory, 'services.yaml');
    const head = 'stacks:\n  shop:\n    services:\n      web:\n        tasks: [{ name: a }]\n';
    writeFileSync(path, `${head}        labels:\n          fairlead.vip: 10.43.0.9\n`);
    const catalog = new Catalog();
    const source = createFileSource({ path, environment: 'default' });
    await source.start(catalog.sink('file'));
    expect(catalog.snapshot.problems).toEqual([
      {
        code: 'label-unknown',
        subject: 'services.yaml:7:11',
        message:
          'services.yaml:7:11: label fairlead.vip is for containers and has no effect on a service of this file; use the key vip of the service',
      },
    ]);
    expect(catalog.snapshot.task('file:shop/web/a')?.health).toBe('healthy');
    await source.stop();
    rmSync(directory, { recursive: true });
  });
});
