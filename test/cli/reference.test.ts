import { expect, it } from 'vitest';
import { cliReference } from '../../src/cli/reference.js';

it('docs/cli.md is what the command table says ("vitest -u" writes it anew)', async () => {
  await expect(cliReference()).toMatchFileSnapshot('../../docs/cli.md');
});
