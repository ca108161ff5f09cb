import type { Task } from '../catalog/model.js';
import type { Snapshot } from '../catalog/snapshot.js';
import type { HealthCheck } from './check.js';

/**
 * The PROXY header that a probe has to begin with, because the virtual IP puts one before every connection to that
 * port: a server that expects one breaks off connections without it. As in HAProxy (`check-send-proxy`), a check of
 * another port has none.
 */
export function expectedHeader(
  { service: ref }: Pick<Task, 'service'>,
  check: HealthCheck,
  snapshot: Pick<Snapshot, 'service'>,
): 'v1' | 'v2' | undefined {
  if (!ref || !('port' in check)) return undefined;
  const service = snapshot.service(ref);
  const { proxyProtocol = 'none' } = service?.balancing ?? {};
  const protocol = check.kind === 'udp' || check.kind === 'dns' ? 'udp' : 'tcp';
  // Version 1 is a line at the beginning of a stream.
  if (!service || proxyProtocol === 'none' || (protocol === 'udp' && proxyProtocol === 'v1'))
    return undefined;
  return service.ports.some((each) => each.port === check.port && each.protocol === protocol)
    ? proxyProtocol
    : undefined;
}
