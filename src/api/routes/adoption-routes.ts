import type { FastifyInstance } from 'fastify';
import { Body } from '../body.js';
import { clip, Params } from '../params.js';
import type { ApiPorts } from '../ports.js';
import { ApiProblem } from '../problem.js';
import type { AdoptionListJson } from '../types/adoption.js';

const ROUTE = '/v1/adoption';

/** Lists which containers ask Fairlead instead of Docker's resolver, and accepts an operator's choice. */
export function adoptionRoutes(app: FastifyInstance, { adoption }: ApiPorts): void {
  app.get(ROUTE, (request): AdoptionListJson => {
    const stack = new Params(request.query, ['stack']).text('stack');
    const all = adoption.containers();
    return { containers: all.filter((each) => stack === undefined || each.stack === stack) };
  });

  app.put(ROUTE, (request): AdoptionListJson => {
    new Params(request.query, []);
    const body = new Body(request.body, ['choice', 'stack']);
    const choice = body.text('choice');
    const stack = body.text('stack');
    if (choice !== 'adopt' && choice !== 'release')
      throw new ApiProblem(400, 'body-invalid', '"choice" must be adopt or release');
    const known = adoption.containers();
    if (choice === 'adopt' && stack !== undefined && !known.some((each) => each.stack === stack)) {
      const detail = `stack ${clip(stack)} has no running container; "fairlead adopt" lists all containers`;
      throw new ApiProblem(404, 'stack-not-found', detail);
    }
    return { containers: adoption.choose(choice, stack) };
  });
}
