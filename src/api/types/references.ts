/**
 * The JSON that the API speaks (docs/api.md): shared by the routes and the CLI. Keys are camelCase and stable; a key
 * may come, none goes or changes its meaning within `/v1`. Times are RFC 3339 in UTC with milliseconds.
 */
export type Timestamp = string;

/** Names a service. */
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
