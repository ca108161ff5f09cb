import { ESLint } from 'eslint';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import tseslint from 'typescript-eslint';
import { modulesRule } from '../../tools/eslint/modules.js';

const root = join(import.meta.dirname, '../..');

/** Lints one line as if it stood in that file, by the import table alone. */
async function lint(file: string, code: string): Promise<string[]> {
  const eslint = new ESLint({
    cwd: root,
    overrideConfigFile: true,
    overrideConfig: [
      {
        files: ['**/*.ts'],
        languageOptions: { parser: tseslint.parser },
        plugins: { fairlead: { rules: { modules: modulesRule } } },
        rules: { 'fairlead/modules': 'error' },
      },
    ],
  });
  const [result] = await eslint.lintText(code, { filePath: join(root, file) });
  return result?.messages.map((each) => each.message) ?? [];
}

describe('the import table of docs/design.md', () => {
  it.each([
    [
      'a source imports the catalog',
      'src/sources/docker/x.ts',
      "import { Catalog } from '../../catalog/catalog.js';",
    ],
    ['a module imports itself', 'src/dns/zone/x.ts', "import { y } from '../wire/name.js';"],
    ['the CLI imports the client of the API', 'src/cli/x.ts', "import { y } from '../api/client.js';"],
    ['the daemon imports everything', 'src/daemon/x.ts', "import { y } from '../sources/docker/source.js';"],
    ['packages are not its business', 'src/net/x.ts', "import fs from 'node:fs';"],
  ])('allows: %s', async (_what, file, code) => {
    expect(await lint(file, code)).toEqual([]);
  });

  it.each([
    ['the catalog imports a source', 'src/catalog/x.ts', "import { y } from '../sources/docker/index.js';"],
    ['a consumer imports a source', 'src/dns/zone/x.ts', "export * from '../../sources/file/index.js';"],
    ['a source imports another', 'src/sources/docker/x.ts', "import { y } from '../file/index.js';"],
    ['the CLI imports the server of the API', 'src/cli/x.ts', "import { y } from '../api/server.js';"],
    ['the API imports the DNS server, late', 'src/api/x.ts', "const y = await import('../dns/index.js');"],
    ['anybody imports the daemon', 'src/cli/x.ts', "import { y } from '../daemon/run.js';"],
    ['a module that the table does not have', 'src/misc/x.ts', "import { y } from '../net/ip.js';"],
  ])('refuses: %s', async (_what, file, code) => {
    expect(await lint(file, code)).not.toEqual([]);
  });
});
