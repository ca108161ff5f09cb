interface Node<T> {
  value?: T;
  readonly children: Map<string, Node<T>>;
}

/**
 * Values by name. All names above a name with a value are known to exist too. Names are lists of labels (lower case,
 * leftmost first, without the root) and never joined, so that a dot in a label is an ordinary byte.
 */
export class LabelTree<T> {
  readonly #root: Node<T> = { children: new Map() };

  get isEmpty(): boolean {
    return this.#root.children.size === 0;
  }

  set(labels: readonly string[], value: T): void {
    let node = this.#root;
    for (const label of labels.toReversed()) {
      let next = node.children.get(label);
      if (!next) {
        next = { children: new Map() };
        node.children.set(label, next);
      }
      node = next;
    }
    node.value = value;
  }

  get(labels: readonly string[]): T | undefined {
    return this.#node(labels)?.value;
  }

  /** All names with values, as lists of labels. */
  names(): string[][] {
    const found: string[][] = [];
    const visit = (node: Node<T>, labels: readonly string[]): void => {
      if (node.value !== undefined) found.push([...labels]);
      for (const [label, child] of node.children) visit(child, [label, ...labels]);
    };
    visit(this.#root, []);
    return found;
  }

  /** Whether there is a value at a name or below it. */
  has(labels: readonly string[]): boolean {
    return this.#node(labels) !== undefined;
  }

  /** The value at the name itself, or at the nearest name above it, with that name. */
  nearest(labels: readonly string[]): { readonly value: T; readonly labels: readonly string[] } | undefined {
    let found: { value: T; labels: readonly string[] } | undefined;
    this.#walk(labels, (node, count) => {
      if (node.value !== undefined)
        found = { value: node.value, labels: labels.slice(labels.length - count) };
    });
    return found;
  }

  /**
   * Finds the deepest name above this one that has a child with this label and a value. Returns its number of labels,
   * and the value.
   */
  deepestChild(
    labels: readonly string[],
    label: string,
  ): { readonly value: T; readonly above: number } | undefined {
    let found: { value: T; above: number } | undefined;
    this.#walk(labels, (node, count) => {
      const value = node.children.get(label)?.value;
      if (value !== undefined && count < labels.length) found = { value, above: count };
    });
    return found;
  }

  #node(labels: readonly string[]): Node<T> | undefined {
    let node: Node<T> | undefined = this.#root;
    for (let at = labels.length - 1; at >= 0 && node; at--) node = node.children.get(labels[at] ?? '');
    return node;
  }

  /** Walks down from the root as far as nodes exist. */
  #walk(labels: readonly string[], visit: (node: Node<T>, count: number) => void): void {
    let node: Node<T> | undefined = this.#root;
    for (let count = 0; node; count++) {
      visit(node, count);
      if (count === labels.length) return;
      node = node.children.get(labels[labels.length - 1 - count] ?? '');
    }
  }
}
