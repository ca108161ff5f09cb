import type { TokenJson } from '../../api/types/access-json.js';
import type { Context } from '../context.js';
import { EXIT } from '../exit-codes.js';
import { plain } from '../format/text.js';
import { printChange } from '../print-list.js';

export async function run(context: Context): Promise<number> {
  const path = `/v1/tokens/${encodeURIComponent(context.argument(0) ?? '')}`;
  const gone = await context.send<TokenJson>('DELETE', path);
  await printChange(context, gone, () => `token ${plain(gone.name)} is revoked\n`);
  return EXIT.ok;
}
