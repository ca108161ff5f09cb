import { expect, it } from 'vitest';
import { streamReference } from '../../tools/stream-reference.js';

it('docs/stream.md is what the schemas say ("vitest -u" writes it again)', async () => {
  await expect(streamReference()).toMatchFileSnapshot('../../docs/stream.md');
});
