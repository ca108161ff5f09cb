import { serviceName, type Service, type ServiceRef } from '../catalog/model.js';
import type { Snapshot } from '../catalog/snapshot.js';
import { clip, Params } from './params.js';
import { ApiProblem } from './problem.js';

/** The variable parts of `/v1/services/:stack/:service`. */
export interface ServiceParams {
  readonly stack: string;
  readonly service: string;
}

/**
 * The service that a URL names with its two path parts, `?sidekick=` and `?environment=`. Case makes no difference.
 * @param environment the environment if the URL does not name one
 * @throws ApiProblem see {@link Params}
 */
export function askedService(
  { query, params }: { readonly query: unknown; readonly params: ServiceParams },
  environment: string,
): ServiceRef {
  const more = new Params(query, ['sidekick', 'environment']);
  const sidekick = more.text('sidekick');
  return {
    environment: more.text('environment') ?? environment,
    stack: params.stack.toLowerCase(),
    service: params.service.toLowerCase(),
    ...(sidekick === undefined ? {} : { sidekick: sidekick.toLowerCase() }),
  };
}

/** @throws ApiProblem `service-not-found` (404) */
export function findService(snapshot: Snapshot, ref: ServiceRef): Service {
  const service = snapshot.service(ref);
  if (service) return service;
  throw new ApiProblem(
    404,
    'service-not-found',
    `environment ${clip(ref.environment)} has no service ${clip(serviceName(ref))}; "fairlead services" lists them`,
  );
}
