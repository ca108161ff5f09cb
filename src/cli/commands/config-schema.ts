import { jsonSchema } from '../../config/schema.js';
import type { Context } from '../context.js';
import { EXIT } from '../exit-codes.js';

export function run(context: Context): Promise<number> {
  context.print(`${JSON.stringify(jsonSchema(), undefined, 2)}\n`);
  return Promise.resolve(EXIT.ok);
}
