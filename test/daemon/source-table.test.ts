import { describe, expect, it } from 'vitest';
import { configSchema } from '../../src/config/schema.js';
import { parseConfigText } from '../../src/config/load.js';
import { capabilitiesOf, wantedSources } from '../../src/daemon/source-table.js';

const node = { id: 'host-1', name: 'alpha' };

function wanted(text: string) {
  const result = parseConfigText(text);
  if (!result.ok) throw new Error(JSON.stringify(result.errors));
  return wantedSources(result.config, node);
}

describe('the table of sources', () => {
  it('has a row for every source key in the configuration', () => {
    for (const kind of Object.keys(configSchema.shape.sources.unwrap().shape))
      expect(capabilitiesOf(kind).firstHand || kind === 'consul').toBe(true);
  });

  it('lists the configured sources, strongest first, and several of a kind in their order', () => {
    const sources = wanted(
      'sources: { docker: {}, file: [{ name: b, path: /b.yaml }, { path: /a.yaml }, { name: c, path: /c.yaml }] }',
    );
    expect(sources.map(({ name, rank, node: own }) => [name, rank, own])).toEqual([
      ['file:b', 0, undefined],
      ['file', 0, undefined],
      ['file:c', 0, undefined],
      ['docker', 1, 'host-1'],
    ]);
  });

  it('creates a new source for other settings or another environment, and for nothing else', () => {
    const before = wanted('sources: { file: { path: /a.yaml } }')[0]?.settings;
    expect(wanted('{ sources: { file: { path: /a.yaml } }, log: { level: debug } }')[0]?.settings).toEqual(
      before,
    );
    expect(wanted('sources: { file: { path: /b.yaml } }')[0]?.settings).not.toEqual(before);
    expect(wanted('{ sources: { file: { path: /a.yaml } }, environment: lab }')[0]?.settings).not.toEqual(
      before,
    );
  });

  it('knows each kind’s capabilities', () => {
    expect(capabilitiesOf('docker:lab')).toMatchObject({ exec: true, firstHand: true });
    expect(capabilitiesOf('file:lab')).toMatchObject({ exec: false, firstHand: true });
    expect(capabilitiesOf('unheard-of')).toEqual({ exec: false, firstHand: false });
  });
});
