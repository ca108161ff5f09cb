import { createFaceServer, type FaceServer } from './face-server.js';
import type { FaceListen } from './http-face.js';
import { ownFace } from './own-face.js';
import type { ApiPorts } from './ports.js';
import { systemTimers } from '../runtime/timers.js';
import type { StreamLimits } from './stream-limits.js';

export interface ApiServerOptions extends Omit<ApiPorts, 'timers' | 'clock'> {
  readonly listen: FaceListen['addresses'];
  /** The system's by default. */
  readonly timers?: ApiPorts['timers'];
  /** Milliseconds since the epoch. */
  readonly clock?: () => number;
  readonly limits?: StreamLimits;
}

/** The API over HTTP (docs/api.md). */
export function createApiServer(options: ApiServerOptions): FaceServer {
  const { listen, limits, timers = systemTimers, clock = Date.now, ...ports } = options;
  return createFaceServer(ownFace({ ...ports, timers, clock }, listen, limits), ports.log);
}
