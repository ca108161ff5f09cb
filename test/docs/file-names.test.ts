import { readdirSync } from 'node:fs';
import { basename } from 'node:path';
import { expect, it } from 'vitest';

it('no two files of src share a name, so a name in an error, a diff or an editor tab says which file it is', () => {
  const files = readdirSync('src', { recursive: true, encoding: 'utf8' }).filter((file) =>
    /\.tsx?$/.test(file),
  );
  const places = new Map<string, string[]>();
  for (const file of files) places.set(basename(file), [...(places.get(basename(file)) ?? []), file]);
  expect(files.length).toBeGreaterThan(300);
  expect([...places.values()].filter((same) => same.length > 1)).toEqual([]);
});
