/**
 * The JSON of the API (docs/api.md), shared by the routes and the CLI. Keys are camelCase and stable: within `/v1`,
 * keys may be added, but none is removed or changes its meaning. Times are RFC 3339 in UTC with milliseconds.
 */
export type Timestamp = string;

/** The name of a service. */
export interface ServiceRefJson {
  readonly environment: string;
  readonly stack: string;
  readonly service: string;
  readonly sidekick?: string;
}

/** What is known elsewhere, as JSON: the same, but those times are timestamps, and not milliseconds since the epoch. */
export type Dated<T, Times extends keyof T> = {
  readonly [Key in keyof T]: Key extends Times ? Timestamp : T[Key];
};

/** The way back. */
export type Undated<T, Times extends keyof T> = {
  readonly [Key in keyof T]: Key extends Times ? number : T[Key];
};
