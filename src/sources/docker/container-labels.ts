import { readRegistratorKey } from '../../labels/registrator-keys.js';
import { keptLabels } from '../../labels/kept-labels.js';
import { namesSecret, withoutSecrets } from '../../text/text-secrets.js';
import type { Container } from './container.js';

/** Words of registrator's. Any other variable is an attribute, and some are secrets of the program itself. */
const words = /^(?:NAME|ID|TAGS|IGNORE|CHECK_.+)$/s;

type Labelled = Pick<Container, 'labels' | 'env'>;

/** The labels of containers as their tasks have them. */
export class ContainerLabels {
  readonly #isKept: (label: string) => boolean;
  /** The same object for the same labels: checks are read again where a task has another one. */
  readonly #known = new WeakMap<Labelled['labels'], Labelled['labels']>();

  /** @param patterns of labels that are kept besides those that Fairlead reads; see {@link keptLabels} */
  constructor(patterns: readonly string[] = []) {
    this.#isKept = keptLabels(patterns);
  }

  of(container: Labelled): Labelled['labels'] {
    let labels = this.#known.get(container.labels);
    if (labels === undefined) {
      const all = Object.entries(labelsWithVariables(container));
      labels = Object.fromEntries(all.filter(([label]) => this.#isKept(label)));
      this.#known.set(container.labels, labels);
    }
    return labels;
  }
}

/** A container's labels, and the keys of registrator that its environment has: registrator reads both. A label wins. */
function labelsWithVariables({ labels, env }: Labelled): Readonly<Record<string, string>> {
  const keys = Object.entries(env).filter(([key, text]) => text !== '' && isTaken(key, text));
  if (keys.length === 0) return labels;
  const written = new Set(Object.keys(labels).map((key) => key.toUpperCase()));
  return { ...Object.fromEntries(keys.filter(([key]) => !written.has(key.toUpperCase()))), ...labels };
}

/** Attributes are shown and published, so a variable whose name or text looks like a secret is left out. */
function isTaken(key: string, text: string): boolean {
  const name = readRegistratorKey(key)?.name;
  if (name === undefined) return false;
  return words.test(name) || (!namesSecret(name) && withoutSecrets(text) === text);
}
