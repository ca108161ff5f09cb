import { describe, expect, it } from 'vitest';
import { configDocument } from '../../src/config/document.js';
import { hideSecrets } from '../../src/config/hide-secrets.js';
import { allKeys } from '../../src/config/keys.js';
import { parseConfigText } from '../../src/config/load.js';
import { configOf, mistakes } from './support.js';

const SECRET = 'b1gs-s3cr3t';
const long = SECRET.repeat(40);

describe('secrets of the configuration', () => {
  it('are the keys that hold a token', () => {
    const secret = allKeys()
      .filter((key) => key.isSecret)
      .map(({ path }) => path);
    expect(secret).toEqual(['sources.consul.token', 'publishers.consul.token']);
    const named = allKeys().filter(({ path }) => /token$|password|secret/i.test(path));
    expect(named.map(({ path }) => path)).toEqual(secret);
  });

  it('are hidden in the document, including each item of a list', () => {
    const config = configOf(
      parseConfigText(`
sources: { consul: [{ name: a, token: ${SECRET} }, { name: b, services: [web] }] }
publishers: { consul: { token: ${SECRET} } }
`),
    );
    const shown = hideSecrets(configDocument(config));
    expect(JSON.stringify(shown)).not.toContain(SECRET);
    expect(shown).toMatchObject({
      sources: {
        consul: [
          { name: 'a', token: '***' },
          { name: 'b', services: ['web'] },
        ],
      },
      publishers: { consul: { token: '***' } },
    });
    expect(configDocument(config)).toMatchObject({ publishers: { consul: { token: SECRET } } });
  });

  it.each([
    ['too long', `sources: { consul: { token: ${long} } }`, [], 'is too long'],
    ['a number', 'sources: { consul: { token: 735373633 } }', [], 'is not a text'],
    ['a flag', '', [`sources.consul.token=${long}`], '--set sources.consul.token=***: is too long'],
    ['a misspelt flag', '', [`sources.consul.tokn=${SECRET}`], 'did you mean token'],
    ['a section', '', [`sources.consul={"token":"${long}"}`], '--set sources.consul=***'],
    ['broken JSON', '', [`sources.consul={"token":"${SECRET}"`], '--set sources.consul=***'],
    ['a login', `sources: { consul: { address: "http://me:${SECRET}@h:8500" } }`, [], '//***@h:8500'],
  ])('are in no error: %s', (_, text, set, says) => {
    const shown = mistakes(parseConfigText(text, { set, cwd: '/', read: () => '' })).join('\n');
    expect(shown).toContain(says);
    expect(shown).not.toMatch(new RegExp(`${SECRET}|735373633`));
  });
});
