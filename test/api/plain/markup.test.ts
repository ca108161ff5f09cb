import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { markup } from '../../../src/api/plain/markup.js';

describe('markup', () => {
  it('escapes what text and attributes in quotes need, and nothing that is HTML already', () => {
    const name = `<img src=x onerror="alert(1)">&'`;
    expect(markup`<b title="${name}">${markup`<i>${name}</i>`}</b>`.text).toBe(
      '<b title="&lt;img src=x onerror=&quot;alert(1)&quot;&gt;&amp;&#39;">' +
        '<i>&lt;img src=x onerror=&quot;alert(1)&quot;&gt;&amp;&#39;</i></b>',
    );
  });

  it('writes lists one after the other, and nothing for what is absent', () => {
    expect(markup`${['a', markup`<b>`, ['c', 1]]}${undefined}${false}${0}`.text).toBe('a<b>c10');
  });

  it('shows characters that hide or turn text by their numbers', () => {
    expect(markup`${'user\u202Egnp.exe\u200b\u0007'}`.text).toBe('user\\u202egnp.exe\\u200b\\u0007');
  });

  it('lets no text out of its place', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        const inner = /^<p title="([^"]*)">([^<]*)<\/p>$/.exec(markup`<p title="${text}">${text}</p>`.text);
        expect(inner).not.toBeNull();
        expect(inner?.[1]).toBe(inner?.[2]);
      }),
    );
  });
});
