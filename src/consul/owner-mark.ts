/**
 * The Meta keys that Fairlead adds to the instances it registers, so that another Fairlead recognizes them as the same
 * task. Consul allows letters, digits, `-` and `_` in keys.
 */
export const ownerKeys = {
  /** The id of the host that registered it. */
  owner: 'fairlead-owner',
  /** The name of that host. */
  host: 'fairlead-host',
  /** The task's id, which is the container's. */
  task: 'fairlead-task',
  /** The name of the task. */
  name: 'fairlead-name',
  environment: 'fairlead-environment',
  stack: 'fairlead-stack',
  service: 'fairlead-service',
  sidekick: 'fairlead-sidekick',
  /** The service's port that clients of a virtual IP dial: `80/tcp`, `http=80/tcp`. */
  port: 'fairlead-port',
  /** What it runs: the image as its user wrote it, and the digest of its configuration. */
  image: 'fairlead-image',
  imageId: 'fairlead-image-id',
  /** When it was created and started, RFC 3339, and how often it was started again. */
  created: 'fairlead-created',
  started: 'fairlead-started',
  restarts: 'fairlead-restarts',
  /** The task's own port, where the entry has the port that the host publishes. */
  target: 'fairlead-target',
  /** The task's addresses on networks that span hosts: `<network id>=10.0.1.5`, with commas between. */
  networks: 'fairlead-networks',
  /** What the labels set for the service: `endpoint_mode=vip scheduler=lc`. */
  settings: 'fairlead-settings',
  /** The version of the Fairlead that registered it. */
  version: 'fairlead-version',
} as const;

/** Keys that only Fairlead writes. */
export const OWNER_PREFIX = 'fairlead-';

/** Consul's limits for Meta (agent/structs/structs.go). */
export const META_LIMITS = { pairs: 64, key: 128, value: 512 } as const;
