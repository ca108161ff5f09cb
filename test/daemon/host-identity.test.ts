import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { parseConfigText } from '../../src/config/load.js';
import { HostIdentity } from '../../src/daemon/host-identity.js';
import type { LoadedConfig } from '../../src/daemon/loaded-config.js';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'fairlead-host-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

function loaded(text = ''): LoadedConfig {
  const result = parseConfigText(`state: ${folder}/state\n${text}`);
  if (!result.ok) throw new Error(JSON.stringify(result.errors));
  return result;
}

async function started(text?: string): Promise<{ identity: HostIdentity; errors: string[] }> {
  const errors: string[] = [];
  const identity = new HostIdentity((message) => errors.push(message));
  await identity.start(loaded(text));
  return { identity, errors };
}

describe('the identity of this host', () => {
  it('is kept in the state directory, and is the same after a restart and under another name', async () => {
    const first = await started();
    expect(first.identity.node).toEqual({
      id: readFileSync(join(folder, 'state/host-id'), 'utf8').trim(),
      name: hostname(),
    });
    const second = await started('host: { name: alpha }');
    expect(second.identity.node).toEqual({ id: first.identity.node.id, name: 'alpha' });
    expect([...first.errors, ...second.errors]).toEqual([]);
  });

  it('is made again when the file contains something else', async () => {
    const { identity } = await started();
    writeFileSync(join(folder, 'state/host-id'), 'garbage\n');
    const next = await started();
    expect(next.identity.node.id).not.toBe(identity.node.id);
    expect(readFileSync(join(folder, 'state/host-id'), 'utf8').trim()).toBe(next.identity.node.id);
  });

  it('lasts until the next restart if the state directory is not writable', async () => {
    writeFileSync(join(folder, 'state'), 'a file');
    const { identity, errors } = await started();
    expect(identity.node.id).toMatch(/^[0-9a-f-]{36}$/);
    expect(errors).toEqual([expect.stringContaining('make the state directory writable')]);
  });
});
