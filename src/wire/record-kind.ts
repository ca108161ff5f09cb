import type { Field } from './fields.js';
import type { DnsName } from './name.js';

/** The fields of a type's data by name, in the order of the wire format and of zone files. */
export type Layout = Readonly<Record<string, Field<unknown>>>;

/** The data of a record with this layout. */
export type DataOf<L extends Layout> = {
  readonly [K in keyof L]: L[K] extends Field<infer T> ? T : never;
};

/** Everything that Fairlead knows about one record type. */
export interface RecordKind<L extends Layout = Layout> {
  /** Its number. */
  readonly type: number;
  readonly layout: L;
  /**
   * Parses the data as an operator writes it: one word per field (see `Field`).
   * @returns the data, or what is wrong with it, continuing from "the record ..."
   */
  parse(words: readonly string[]): DataOf<L> | string;
  /** The data in presentation format (RFC 1035 section 5.1). */
  format(data: DataOf<L>): string;
  /** The data of one record as an operator writes it. Undefined: operators may not write such records. */
  readonly example?: string;
  /** Whether to pass on data that does not fit the layout, because the layout only serves to display it. */
  readonly lenient: boolean;
  /** Whether a set of such records starts at another place in each answer, because clients take the first record. */
  readonly rotates: boolean;
  /** The name whose addresses belong in the additional section (RFC 2782, RFC 1035 section 3.3.9). */
  leadsTo?(data: DataOf<L>): DnsName;
}

export interface KindOptions<L extends Layout> {
  /** What an operator writes: `one IPv4 address`. By default the names of the fields and the {@link example}. */
  readonly takes?: string;
  /** The data of one record as an operator writes it. If set, operators may write such records. */
  readonly example?: string;
  readonly parse?: (words: readonly string[]) => DataOf<L> | string;
  readonly lenient?: true;
  readonly rotates?: true;
  readonly leadsTo?: (data: DataOf<L>) => DnsName;
}

/** A kind whose text is the concatenation of its fields. @param name `SRV` */
export function recordKind<L extends Layout>(
  name: string,
  type: number,
  layout: L,
  options: KindOptions<L> = {},
): RecordKind<L> {
  const fields = Object.entries(layout);
  const { example, takes = `"${Object.keys(layout).join(' ')}", such as "${example ?? ''}"` } = options;
  return {
    type,
    layout,
    parse: options.parse ?? ((words) => parseFields(name, fields, words, takes)),
    format: (data) =>
      fields
        .map(([key, field]) => field.format(data[key]))
        .filter((text) => text !== '')
        .join(' '),
    ...(example !== undefined && { example }),
    lenient: options.lenient ?? false,
    rotates: options.rotates ?? false,
    ...(options.leadsTo && { leadsTo: options.leadsTo }),
  };
}

const COUNTS = ['no', 'one', 'two', 'three', 'four', 'five', 'six', 'seven'] as const;

function parseFields<L extends Layout>(
  name: string,
  fields: readonly (readonly [string, Field<unknown>])[],
  words: readonly string[],
  takes: string,
): DataOf<L> | string {
  const values = fields.map(([key, field], at) => [key, field.parse(words[at] ?? '')] as const);
  if (
    words.length < fields.length ||
    values.some(([, value]) => value === undefined) ||
    isTooMuch(fields, words)
  )
    return `has the data "${words.join(' ')}"; ${name} takes ${takes}`;
  if (words.length > fields.length)
    return `has more than the ${COUNTS[fields.length] ?? ''} fields of ${name}`;
  return Object.fromEntries(values) as DataOf<L>;
}

function isTooMuch(fields: readonly unknown[], words: readonly string[]): boolean {
  return fields.length === 1 && words.length > 1;
}
