import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parseConfigText } from '../../src/config/load.js';
import { readRancherCompose } from '../../src/health/definitions/rancher-compose.js';
import { parseServicesFile } from '../../src/sources/file/parse.js';

const root = join(import.meta.dirname, '../..');
const pages = ['README.md', ...readdirSync(join(root, 'docs')).map((name) => `docs/${name}`)].filter((name) =>
  name.endsWith('.md'),
);

interface Block {
  readonly page: string;
  readonly line: number;
  readonly text: string;
}

function yamlBlocks(page: string): Block[] {
  const content = readFileSync(join(root, page), 'utf8');
  return [...content.matchAll(/```ya?ml\n(.*?)```/gs)].map((match) => ({
    page,
    line: content.slice(0, match.index).split('\n').length + 1,
    text: match[1] ?? '',
  }));
}

const blocks = pages.flatMap(yamlBlocks);

describe('examples in the docs', () => {
  it('exist', () => expect(blocks.length).toBeGreaterThan(2));

  it.each(blocks)('$page:$line is valid for Fairlead', ({ text }) => {
    const top = /^([a-z_]+):/m.exec(text)?.[1];
    // Compose files and the like are not ours to judge.
    if (top === 'services' || top === 'networks') return;
    if (top === 'stacks' || top === 'clients') {
      expect(parseServicesFile(text, 'default')).toMatchObject({ ok: true });
      return;
    }
    if (text.includes('health_check:')) {
      const { services, notes } = readRancherCompose(text, 'rancher-compose.yml');
      expect([services.size > 0, notes]).toEqual([true, []]);
      return;
    }
    const parsed = parseConfigText(text);
    expect(parsed.ok ? [] : parsed.errors).toEqual([]);
  });

  it('the demo is a valid services file', () => {
    expect(
      parseServicesFile(readFileSync(join(root, 'config/demo/services.yaml'), 'utf8'), 'default'),
    ).toMatchObject({ ok: true });
  });
});
