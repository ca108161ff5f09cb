import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { afterEach, expect, it } from 'vitest';
import { circles, importGraph } from '../../tools/import-circles.js';

const folder = mkdtempSync(join(tmpdir(), 'fairlead-circles-'));
afterEach(() => rmSync(folder, { recursive: true }));

it('finds each circle once, by its shortest path, including type imports', () => {
  const files = {
    'a.ts': "import { b } from './b.js';\nimport type {\n  C,\n} from './c.js';\n",
    'b.ts': "import type { A } from './a.js';\n",
    'c.ts': "import { d } from './d.js';\n",
    'd.ts': "import type { A } from './a.js';\nimport { readFileSync } from 'node:fs';\n",
    'e.ts': "import { a } from './a.js';\nconst later = await import('./f.js');\n",
    'f.ts': "import { e } from './e.js';\n",
  };
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
  const found = circles(importGraph(folder)).map((circle) => circle.map((file) => basename(file)));
  expect(found.map((circle) => [...circle].sort())).toEqual([
    ['a.ts', 'b.ts'],
    ['a.ts', 'c.ts', 'd.ts'],
  ]);
});
