import { mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';

/**
 * Node 20 does not run TypeScript, so programs for containers are stripped of their types.
 * @param sources the directory with `NAME.ts`; `NAME.mjs` is written below `target`
 */
export function compile(sources: string, names: readonly string[], target: string): void {
  mkdirSync(target, { recursive: true });
  const compilerOptions = { target: ts.ScriptTarget.ES2023, module: ts.ModuleKind.ESNext };
  for (const name of names) {
    const source = readFileSync(join(sources, `${name}.ts`), 'utf8');
    const { outputText } = ts.transpileModule(source, { compilerOptions });
    writeFileSync(join(target, `${name}.mjs`), outputText);
  }
  if (readdirSync(target).length !== names.length) throw new Error(`${target}: programs are missing`);
}
