import type { Problem } from '../catalog/model.js';
import type { ApiPorts } from './ports.js';

/** What sources could not use, and what cannot be served. */
export function problemsOf({ catalog, vips }: Pick<ApiPorts, 'catalog' | 'vips'>): readonly Problem[] {
  return [...catalog.snapshot.problems, ...vips.problems()];
}
