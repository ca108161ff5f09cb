import { isMap, isScalar, isSeq, type Document, type Scalar } from 'yaml';

/**
 * The keys that a mapping of the document has already. The yaml package compares each key with all before it, which
 * takes seconds for a mapping of some ten thousand keys.
 * @returns in the order of the text
 */
export function duplicateKeys(document: Document.Parsed): Scalar[] {
  const found: Scalar[] = [];
  // It grows while it is gone through.
  const nodes: unknown[] = [document.contents];
  for (const node of nodes) {
    if (isSeq(node)) for (const item of node.items) nodes.push(item);
    if (!isMap(node)) continue;
    const seen = new Set<unknown>();
    for (const { key, value } of node.items) {
      if (isScalar(key) && seen.has(key.value)) found.push(key);
      else if (isScalar(key)) seen.add(key.value);
      nodes.push(key, value);
    }
  }
  return found.sort((a, b) => startOf(a) - startOf(b));
}

function startOf({ range }: Scalar): number {
  return range?.[0] ?? 0;
}
