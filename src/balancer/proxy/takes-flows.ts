import type { VirtualService } from '../plane.js';

/** Whether a task accepts connections. Without one, the kernel is to refuse them at once. */
export function takesFlows({ backends }: VirtualService): boolean {
  return backends.some(({ state, weight }) => state === 'active' && weight > 0);
}

/**
 * Whether a listener itself has to refuse connections while no task takes them. If the kernel redirects connections to
 * any port, a missing redirect does that instead. A port that the kernel has chosen would be lost.
 */
export function refusesItself({ port }: VirtualService, anyPort: boolean): boolean {
  return !anyPort && port !== 0;
}
