import type { Problem } from '../catalog/model.js';
import type { ApiPorts } from './ports.js';

/** What sources could not use, what cannot be served, and what is wrong with the daemon itself. */
export function problemsOf({
  catalog,
  daemon,
  vips,
}: Pick<ApiPorts, 'catalog' | 'daemon' | 'vips'>): readonly Problem[] {
  return [...catalog.snapshot.problems, ...vips.problems(), ...daemon.problems()];
}
