import { expect, test } from 'vitest';
import { childEnvironment } from '../../src/render/child-environment.js';

const OWN = { PATH: '/bin', HOME: '/root', CONSUL_HTTP_TOKEN: 'secret', CONSUL_HTTP_ADDR: 'x' };
const NONE = { pristine: false, allow: [], deny: [], custom: [] };

test.each([
  ['all of them without settings', undefined, OWN],
  ['all of them by default', NONE, OWN],
  ['none of them', { ...NONE, pristine: true, allow: ['PATH'], custom: ['A=b=c'] }, { A: 'b=c' }],
  ['those allowed', { ...NONE, allow: ['PATH', 'CONSUL_*_ADDR'] }, { PATH: '/bin', CONSUL_HTTP_ADDR: 'x' }],
  [
    'deny wins over allow',
    { ...NONE, allow: ['PATH', 'CONSUL_*'], deny: ['*TOKEN'] },
    { PATH: '/bin', CONSUL_HTTP_ADDR: 'x' },
  ],
  ['a point is a point', { ...NONE, allow: ['P.TH'] }, {}],
  [
    'custom wins, the last one of a name',
    { ...NONE, allow: ['PATH'], custom: ['PATH=/a', 'PATH=/b', 'EMPTY='] },
    { PATH: '/b', EMPTY: '' },
  ],
])('a program gets %s', (_, settings, expected) => {
  expect(childEnvironment(OWN, settings)).toEqual(expected);
});
