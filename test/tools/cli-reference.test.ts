import { expect, it } from 'vitest';
import { cliReference } from '../../tools/cli-reference.js';

it('docs/cli.md is what the command table says ("vitest -u" writes it again)', async () => {
  await expect(cliReference()).toMatchFileSnapshot('../../docs/cli.md');
});
