import { expect, it } from 'vitest';
import { distinctImageNames, imageTag, shortDigest, versionsText } from '../../src/net/image-names.js';

const digest = (digit: string) => `sha256:${digit.repeat(64)}`;

it.each([
  ['nginx', 'latest'],
  ['nginx:1.8-alpine', '1.8-alpine'],
  ['registry:5000/shop/web', 'latest'],
  ['registry:5000/shop/web:2.0', '2.0'],
  [`nginx:1.27@${digest('a')}`, '1.27'],
  [`nginx@${digest('a')}`, undefined],
  [digest('a'), undefined],
  ['', undefined],
])('the tag of %s is %s', (image, tag) => {
  expect(imageTag(image)).toBe(tag);
});

it('shows twelve digits of a digest', () => {
  expect(shortDigest(digest('a'))).toBe('a'.repeat(12));
  expect(shortDigest('')).toBe('');
});

it.each<[string, { image: string; imageId?: string }[], string[]]>([
  ['tags differ', [{ image: 'nginx:1.8' }, { image: 'nginx:1.9' }], ['1.8', '1.9']],
  [
    'one tag, other content',
    [
      { image: 'nginx', imageId: digest('a') },
      { image: 'nginx', imageId: digest('b') },
    ],
    [`latest (${'a'.repeat(12)})`, `latest (${'b'.repeat(12)})`],
  ],
  ['other images', [{ image: 'nginx:1.8' }, { image: 'httpd:1.8' }], ['nginx:1.8', 'httpd:1.8']],
  [
    'named by digest',
    [{ image: `nginx@${digest('a')}` }, { image: `nginx@${digest('b')}` }],
    ['a'.repeat(12), 'b'.repeat(12)],
  ],
  [
    'other images named by digest',
    [{ image: `r:5000/x@${digest('a')}` }, { image: digest('b') }],
    [`r:5000/x@${'a'.repeat(12)}`, 'b'.repeat(12)],
  ],
])('tells images apart where %s', (_, images, names) => {
  expect(distinctImageNames(images)).toEqual(names);
});

it('counts the tasks of each version', () => {
  const text = versionsText([
    { image: 'web:1.8-alpine', tasks: 2 },
    { image: 'web:1.9-alpine', tasks: 1 },
  ]);
  expect(text).toBe('2 × 1.8-alpine, 1 × 1.9-alpine');
  expect(versionsText([])).toBe('');
});
