import type { ParsedConfig } from './schema.js';

/** Whether `false` may replace a section. A boolean is an ordinary value. */
type IsSwitch<T> = false extends T ? (true extends T ? false : true) : false;

/** A key without a value is absent. */
type Defined<T> = { readonly [Key in keyof T]: Exclude<T[Key], undefined> };

/** Sections that are switched off and keys without a value are absent. Everything is read-only. */
type Resolved<T> = T extends readonly (infer Item)[]
  ? readonly Defined<Item>[]
  : T extends object
    ? {
        readonly [Key in keyof T as IsSwitch<T[Key]> extends true ? never : Key]: Resolved<
          Exclude<T[Key], undefined>
        >;
      } & {
        readonly [Key in keyof T as IsSwitch<T[Key]> extends true ? Key : never]?: Resolved<
          Exclude<T[Key], undefined | false>
        >;
      }
    : T;

/**
 * The whole configuration, resolved: every default filled in, every path absolute, every address canonical. It has the
 * keys of the schema, which describes them. Durations are in milliseconds, except `balancing.affinity`, which is in
 * seconds; addresses and records are parsed. The value is deeply frozen.
 */
export type Config = Resolved<ParsedConfig>;
