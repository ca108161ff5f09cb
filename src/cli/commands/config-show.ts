import { configDocument } from '../../config/document.js';
import { formatConfigError } from '../../config/errors.js';
import { hideSecrets } from '../../config/hide-secrets.js';
import type { Context } from '../context.js';
import { CliError, EXIT } from '../exit-codes.js';
import { renderTable } from '../format/text-table.js';
import { loadWithOptions } from '../load-config.js';
import { printOne } from '../print-list.js';

export async function run(context: Context): Promise<number> {
  const result = await loadWithOptions(context);
  if (!result.ok) {
    for (const error of result.errors) context.io.stderr.write(`${formatConfigError(error)}\n`);
    throw new CliError(EXIT.config, 'the configuration is wrong; nothing is in effect until it is fixed');
  }
  const { path, hash } = result;
  const origins = result.origins();
  const config = hideSecrets(configDocument(result.config));
  await printOne(context, { path, hash, config, origins: Object.fromEntries(origins) }, () => {
    const { paint, width } = context;
    const columns = [
      { header: 'KEY', value: (row: Row) => row.key },
      { header: 'VALUE', value: (row: Row) => row.value, shrinks: true },
      { header: 'FROM', value: (row: Row) => row.origin, shrinks: true },
    ];
    const rows = leaves(config).map(({ key, value }) => ({ key, value, origin: originOf(key, origins) }));
    return renderTable(rows, columns, { paint, width });
  });
  return EXIT.ok;
}

interface Row {
  readonly key: string;
  readonly value: string;
  readonly origin: string;
}

/** The keys that hold a value: `dns.ttl`, not `dns`; a list is one value. */
function leaves(value: unknown, path = ''): { readonly key: string; readonly value: string }[] {
  if (Array.isArray(value) && value.some(isSection))
    return value.flatMap((item, at) => leaves(item, `${path}[${at}]`));
  if (Array.isArray(value)) return [{ key: path, value: value.map(String).join(', ') || 'none' }];
  if (!isSection(value)) return [{ key: path, value: String(value) }];
  return Object.entries(value).flatMap(([key, inner]) => leaves(inner, path === '' ? key : `${path}.${key}`));
}

function isSection(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}

/** What set a key, or the nearest section that holds it. */
function originOf(key: string, origins: ReadonlyMap<string, string>): string {
  const end = Math.max(key.lastIndexOf('.'), key.lastIndexOf('['));
  return origins.get(key) ?? (end < 0 ? 'default' : originOf(key.slice(0, end), origins));
}
