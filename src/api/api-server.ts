import { createFaceServer, type FaceServer } from './face-server.js';
import type { FaceListen } from './http-face.js';
import { ownFace } from './own-face.js';
import type { ApiPorts } from './ports.js';
import type { StreamLimits } from './stream-limits.js';

export interface ApiServerOptions extends Omit<ApiPorts, 'clock'> {
  readonly listen: FaceListen['addresses'];
  /** Milliseconds since the epoch. */
  readonly clock?: () => number;
  readonly limits?: StreamLimits;
}

/** The API over HTTP (docs/api.md). */
export function createApiServer(options: ApiServerOptions): FaceServer {
  const { listen, limits, clock = Date.now, ...ports } = options;
  return createFaceServer(ownFace({ ...ports, clock }, listen, limits), ports.log);
}
