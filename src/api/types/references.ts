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
