import { allBalancingSettings } from '../../net/balancing.js';
import { parseBoolean } from '../../net/boolean.js';
import { nearest } from '../../text/nearest.js';
import { printable, quoted } from '../../text/printable.js';

type Labels = Readonly<Record<string, string>>;

/** Whose labels they are. */
export type LabelOwner = 'service' | 'task';

/** A label of Fairlead's that does nothing, or not what it says. */
export interface LabelNote {
  readonly label: string;
  /** Stable codes, those of the Docker source. */
  readonly code: 'label-unknown' | 'label-invalid';
  /** What is wrong and what to do: one line that begins with the label. */
  readonly message: string;
}

/** These are the health checks' to judge. */
const healthPrefix = 'fairlead.health.';
const drainLabel = 'fairlead.drain';

/** What to write instead of the labels that containers have, because the file has a key for it. */
const insteadOf: Readonly<Record<string, string>> = {
  'fairlead.enable': 'leave out what is not to be served',
  'fairlead.environment': 'a file is all of the environment of its daemon; remove it',
  'fairlead.stack': 'write the task below that stack (stacks.STACK)',
  'fairlead.service': 'write the task below that service (stacks.STACK.services.SERVICE)',
  'fairlead.sidekick': 'write a service of its own',
  'fairlead.name': 'use the key name of the task',
  'fairlead.aliases': 'write a service with the key alias_of',
  'fairlead.ports': 'use the key ports of the service',
  'fairlead.endpoint_mode': 'use the key endpoint_mode of the service',
  'fairlead.vip': 'use the key vip of the service',
  'fairlead.weight': 'use the key weight of the task',
  'fairlead.links': 'use the key links',
  'fairlead.expose': 'every client reaches the tasks of a file; remove it',
  'fairlead.dns.upstreams': 'use the key upstreams of the task',
  ...Object.fromEntries(
    allBalancingSettings.map(({ name }) => [
      `fairlead.${name}`,
      `use the key balancing.${name} of the service`,
    ]),
  ),
  'fairlead.max_connections':
    'use the key max_connections of the task, or balancing.max_connections of the service',
};

/** Labels that the file source, or a health check, does something with. */
const understood: readonly string[] = [drainLabel];

/** What is to be told of labels that begin with `fairlead.`. */
export function labelNotes(labels: Labels, owner: LabelOwner): LabelNote[] {
  return Object.entries(labels).flatMap(([label, text]): LabelNote[] => {
    if (!label.startsWith('fairlead.') || label.startsWith(healthPrefix)) return [];
    if (label === drainLabel) {
      if (readSwitch(text) !== undefined) return [];
      const message = `label ${label}=${quoted(text)} is neither true nor false; this is ignored; correct it or remove the label`;
      return [{ label, code: 'label-invalid', message }];
    }
    const instead = Object.hasOwn(insteadOf, label) ? insteadOf[label] : undefined;
    if (instead !== undefined) {
      const message = `label ${label} counts on containers and does nothing on a ${owner} of this file; ${instead}`;
      return [{ label, code: 'label-unknown', message }];
    }
    const meant = nearest(label, [...understood, ...Object.keys(insteadOf)]) ?? nearestHealth(label);
    const hint = meant === undefined ? 'see docs/sources-file.md' : `did you mean ${printable(meant)}?`;
    return [
      {
        label,
        code: 'label-unknown',
        message: `label ${printable(label)} is none that Fairlead knows; ${hint}`,
      },
    ];
  });
}

/** `fairlead.helth.port`: the mistake is in front of a key that only health checks have. */
function nearestHealth(label: string): string | undefined {
  const [, family = '', ...rest] = label.split('.');
  return rest.length > 0 && nearest(family, ['health']) !== undefined
    ? `${healthPrefix}${rest.join('.')}`
    : undefined;
}

/** Whether a task takes no new traffic. What it says itself counts before what its service says. */
export function isDrained(task: Labels = {}, service: Labels = {}): boolean {
  return readSwitch(task[drainLabel]) ?? readSwitch(service[drainLabel]) ?? false;
}

function readSwitch(text = ''): boolean | undefined {
  return parseBoolean(text.trim());
}
