import { Access, type AccessOptions } from './access/api-access.js';
import { createFaceServer, type FaceServer } from './face-server.js';
import type { FaceListen } from './http-face.js';
import { ownFace } from './own-face.js';
import type { ApiPorts } from './ports.js';
import { systemTimers } from '../runtime/timers.js';
import type { StreamLimits } from './stream-limits.js';

export interface ApiServerOptions extends Omit<ApiPorts, 'timers' | 'clock'> {
  readonly listen: FaceListen['addresses'];
  readonly access: AccessOptions;
  /** The system's by default. */
  readonly timers?: ApiPorts['timers'];
  /** Milliseconds since the epoch. */
  readonly clock?: () => number;
  readonly limits?: StreamLimits;
}

/** The API over HTTP (docs/api.md). */
export function createApiServer(options: ApiServerOptions): FaceServer {
  const { listen, access: rules, limits, timers = systemTimers, clock = Date.now, ...others } = options;
  const ports = { ...others, timers, clock };
  const access = new Access(rules, {
    ...{ log: ports.log, timers, clock },
    onRefused: (from) => {
      ports.audit({ type: 'refused', subject: 'fairlead', message: `a wrong token from ${from}` });
    },
  });
  const face = ownFace(ports, { addresses: listen, tls: rules.tls }, access, limits);
  return createFaceServer(face, ports.log);
}
