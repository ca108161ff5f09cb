/**
 * What Fairlead writes into the Meta of an instance that it registers, so that another Fairlead reads it as the task that
 * it is. Consul allows letters, digits, `-` and `_` in keys.
 */
export const ownerKeys = {
  /** The id of the host that registered it. */
  owner: 'fairlead-owner',
  /** The name of that host. */
  host: 'fairlead-host',
  /** The id of the task: the container's. */
  task: 'fairlead-task',
  /** The name of the task. */
  name: 'fairlead-name',
  environment: 'fairlead-environment',
  stack: 'fairlead-stack',
  service: 'fairlead-service',
  sidekick: 'fairlead-sidekick',
  /** The port that the service offers, where clients of a virtual IP dial it: `80/tcp`, `http=80/tcp`. */
  port: 'fairlead-port',
} as const;

/** Keys that only Fairlead writes. */
export const OWNER_PREFIX = 'fairlead-';

/** What Consul accepts as Meta (agent/structs/structs.go). */
export const META_LIMITS = { pairs: 64, key: 128, value: 512 } as const;
