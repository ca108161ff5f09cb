// Finds imports that go round in a circle, types included: of two files that need each other, neither can be read first.
//   node tools/import-circles.js [folder]
import { readFileSync, readdirSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

/** @returns {Map<string, string[]>} each file of a folder, and the files of the folder that it imports when it is loaded */
export function importGraph(folder) {
  const files = readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && /\.tsx?$/.test(entry.name))
    .map((entry) => resolve(entry.parentPath ?? entry.path, entry.name));
  const known = new Set(files);
  const imports = (file) =>
    [...readFileSync(file, 'utf8').matchAll(/^(?:import|export)\b[^;]*?from '(\.[^']+)';/gm)]
      .flatMap(([, target]) => {
        const path = resolve(dirname(file), target).replace(/\.js$/, '');
        return [`${path}.ts`, `${path}.tsx`];
      })
      .filter((target) => known.has(target));
  return new Map(files.map((file) => [file, imports(file)]));
}

/** @returns {string[][]} the shortest circle through each file that is on one, each circle once */
export function circles(graph) {
  const found = new Map();
  for (const start of graph.keys()) {
    const from = new Map([[start, undefined]]);
    for (const file of from.keys()) {
      if (graph.get(file).includes(start)) {
        const circle = [];
        for (let at = file; at !== undefined; at = from.get(at)) circle.unshift(at);
        found.set([...circle].sort().join('\n'), circle);
        break;
      }
      for (const next of graph.get(file)) if (!from.has(next)) from.set(next, file);
    }
  }
  return [...found.values()];
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const root = fileURLToPath(new URL('..', import.meta.url));
  const folder = resolve(process.argv[2] ?? join(root, 'src'));
  const found = circles(importGraph(folder));
  for (const circle of found)
    console.error(
      `a circle of imports: ${[...circle, circle[0]].map((file) => relative(root, file)).join(' -> ')}; ` +
        'move what both need into a file of its own',
    );
  process.exitCode = found.length === 0 ? 0 : 1;
}
