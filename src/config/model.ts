import type { ParsedConfig } from './schema.js';

/** Whether `false` may stand in for a section. A boolean is a value of its own. */
type IsSwitch<T> = false extends T ? (true extends T ? false : true) : false;

/** A key without a value is absent. */
type Defined<T> = { readonly [Key in keyof T]: Exclude<T[Key], undefined> };

/** A section that is switched off is absent; so is a key without a value. Everything is read-only. */
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
 * The whole configuration, resolved: every default filled in, every path absolute, every address canonical.
 * It has the keys of the schema, which says what each of them means. Durations are in milliseconds, except
 * `balancing.affinity`, which is in seconds; addresses and records are parsed. The value is deeply frozen.
 */
export type Config = Resolved<ParsedConfig>;
