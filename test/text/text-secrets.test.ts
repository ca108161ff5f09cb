import { describe, expect, it } from 'vitest';
import { withoutSecrets } from '../../src/text/text-secrets.js';

describe('a text for outputs', () => {
  it.each([
    ['/health?token=s3cret&verbose=1', '/health?token=***&verbose=1'],
    ['/health?api_key=s3cret', '/health?api_key=***'],
    ['http://me:s3cret@db:5432/x', 'http://***@db:5432/x'],
    ['Authorization: Bearer s3cret', 'Authorization: ***'],
    ['GET / HTTP/1.1 Authorization: Basic czNjcmV0', 'GET / HTTP/1.1 Authorization: ***'],
    [
      'exec curl -fu x -H "X-Auth-Token: s3cret" http://a/',
      'exec curl -fu x -H "X-Auth-Token: ***" http://a/',
    ],
    ['exec curl -u me:s3cret http://a/', 'exec curl -u *** http://a/'],
    ['["curl","-u","me:s3cret","http://a/"]', '["curl","-u","***","http://a/"]'],
    ['PGPASSWORD=s3cret psql -c "select 1"', 'PGPASSWORD=*** psql -c "select 1"'],
    ['probe --password s3cret --fast', 'probe --password *** --fast'],
    ['["probe", "--access-token", "s3cret"]', '["probe", "--access-token", "***"]'],
    ['{"password": "s3cret"}', '{"password": "***"}'],
    ['redis-cli -h db -a s3cret ping', 'redis-cli -h db -a *** ping'],
    ['mysqladmin ping -uroot -ps3cret', 'mysqladmin ping -uroot -p***'],
  ])('%s', (text, expected) => {
    expect(withoutSecrets(text)).toBe(expected);
  });

  it.each([
    '/healthz?full=1',
    'GET /healthz "HTTP/1.0"',
    'exec pg_isready -U me',
    'web=pg.other',
    'basic checks',
  ])('without secrets is left as it is: %s', (text) => {
    expect(withoutSecrets(text)).toBe(text);
  });

  it('costs in proportion to its length', () => {
    // A pattern that looks at all the rest from each character exceeds the time of a test by far.
    for (const piece of [
      'a',
      '-',
      '/',
      'token',
      'Basic ',
      'mysql ',
      'redis-cli ',
      '-u ',
      '"',
      'authorization',
    ])
      expect(withoutSecrets(piece.repeat(65_536))).toContain(piece.slice(0, 2));
  });
});
