import { expect, it } from 'vitest';
import { apiPage } from '../../tools/api-tables.js';

it('the tables of docs/api.md are what the schemas say ("vitest -u" writes them again)', async () => {
  await expect(apiPage()).toMatchFileSnapshot('../../docs/api.md');
});
