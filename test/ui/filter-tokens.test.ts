import { describe, expect, it } from 'vitest';
import { queryOptions, readTokens, rowFilter, wholeOf } from '../../src/ui/filter-tokens.js';

const FIELDS = ['stack', 'health'];

function fits(filter: string, row: Record<string, readonly (string | undefined)[]>): boolean {
  return rowFilter(readTokens(filter, FIELDS))(row, wholeOf(row));
}

describe('a filter of rows', () => {
  const row = { stack: ['shop'], health: ['healthy'], rest: ['web.shop', undefined, 'Nginx:1.9'] };

  it.each([
    ['', true],
    ['web', true],
    ['WEB', true],
    ['nginx', true],
    ['db', false],
    ['-web', false],
    ['-db', true],
    ['stack:shop', true],
    ['stack:sh', false],
    ['stack:sh*', true],
    ['STACK:Shop', true],
    ['stack:db stack:shop', true],
    ['stack:shop health:unhealthy', false],
    ['stack:shop -health:unhealthy', true],
    ['stack:shop -health:health*', false],
    // A colon in a text is not a field.
    ['nginx:1.9', true],
    ['nginx:1.8', false],
    // What is still being typed excludes nothing.
    ['stack:', true],
    ['-', true],
    ['-stack:', true],
  ])('%j: %s', (filter, expected) => {
    expect(fits(filter, row)).toBe(expected);
  });
});

describe('a filter of queries', () => {
  it('becomes what the daemon takes', () => {
    expect(queryOptions('')).toEqual({});
    expect(queryOptions('client:web rcode:NXDOMAIN type:AAAA -name:*.local')).toEqual({
      match: { client: ['web'], rcode: ['nxdomain'], type: ['aaaa'] },
      not: { name: ['*.local'] },
    });
  });

  it('takes a word without a field for a part of a name', () => {
    expect(queryOptions('web -*.local name:db')).toEqual({
      match: { name: ['*web*', 'db'] },
      not: { name: ['*.local'] },
    });
  });
});
