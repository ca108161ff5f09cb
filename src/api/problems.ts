import type { Problem } from '../catalog/model.js';
import type { ApiPorts } from './ports.js';

/** Facts that sources could not use, addresses and names that cannot be served, and problems of the daemon itself. */
export function problemsOf({
  catalog,
  daemon,
  vips,
}: Pick<ApiPorts, 'catalog' | 'daemon' | 'vips'>): readonly Problem[] {
  return [...catalog.snapshot.problems, ...vips.problems(), ...daemon.problems()];
}
