import { DOCKER_RESOLVER } from '../adoption/resolv-conf.js';
import {
  QuestionError,
  type AdoptionPort,
  type NameService,
  type QueryResult,
  type VipPort,
  type VirtualServiceInfo,
} from '../api/ports.js';
import type { ExplainJson, ExplainVipPortJson, ViewJson } from '../api/types/query-json.js';
import { serviceName, type Task } from '../catalog/model.js';
import { viewOf, type View } from '../catalog/view.js';
import type { CatalogReader } from '../catalog/catalog.js';
import type { Snapshot } from '../catalog/snapshot.js';
import { answerQuery } from '../dns/server/answer-query.js';
import type { Responder } from '../dns/server/responder.js';
import { typeFromText } from '../wire/constants.js';
import { labelsOf, lowerCaseName } from '../wire/name.js';
import { nameFromText } from '../wire/name-text.js';
import { explain } from '../dns/zone/explain-name.js';
import type { Zone } from '../dns/zone/zone.js';

/** The current parts of the name server; a reload replaces them. */
export interface NameParts {
  readonly zone: Zone;
  readonly responder: Responder;
  readonly environment: string;
  /** The default client: the host itself. */
  readonly hostClient: string;
}

/** The API's access to the name server: the answer that a client would get, and the reasons for it. */
export function createNameService(
  catalog: CatalogReader,
  parts: () => NameParts,
  vips: Pick<VipPort, 'services'>,
  adoption: Pick<AdoptionPort, 'containers'>,
): NameService {
  const prepare = (name: string, type: string, as: string | undefined) => {
    const { zone, environment, hostClient } = parts();
    const wire = nameFromText(name);
    const number = typeFromText(type);
    if (!wire)
      throw new QuestionError(
        `"${name}" is not a valid domain name: a label is empty or longer than 63 bytes`,
      );
    if (number === undefined)
      throw new QuestionError(`"${type}" is not a record type; write one such as A, SRV or TYPE65`);
    const { snapshot } = catalog;
    const view = viewOf(snapshot, as ?? hostClient, environment);
    const lower = lowerCaseName(wire);
    const question = { name: lower, labels: labelsOf(lower), type: number };
    return { snapshot, view, info: viewInfo(snapshot, view, as), question, zone };
  };
  return {
    async query(name, type, as): Promise<QueryResult> {
      const { snapshot, view, info, question, zone } = prepare(name, type, as);
      const { responder, hostClient } = parts();
      const asked = await answerQuery(responder, name, question.type, as ?? hostClient);
      if (!asked.ok) {
        const rule =
          'this client gets no answer: its address is not in dns.allow, or dns.allow is not set and the address is public';
        return { source: 'none', ms: 0, view: info, rule };
      }
      const { rule } = explain(zone, snapshot, view, question);
      return { message: asked.message, source: asked.source, rule, ms: asked.ms, view: info };
    },
    async explain(name, type, as): Promise<ExplainJson> {
      const { snapshot, view, info, question, zone } = prepare(name, type, as);
      const { tasks, vip, ...told } = explain(zone, snapshot, view, question);
      const carried = vip
        ? [...(await vips.services())].filter(({ service }) => service === vip.service)
        : [];
      return {
        name,
        type,
        view: info,
        ...elsewhere(view.task, adoption),
        ...told,
        ...(vip && { vip: { address: vip.address, ports: carried.map(vipPort) } }),
        tasks: tasks.map(({ task, addresses, in: isIn, why }) => ({
          id: task.id,
          name: task.name,
          ...(task.service && { service: serviceName(task.service) }),
          health: task.health,
          ...(task.reason !== undefined && { reason: task.reason }),
          addresses,
          in: isIn,
          why: [why, ...pickSet(task, carried)].join('; '),
        })),
      };
    },
  };
}

/** A container that is not adopted asks Docker's resolver, or its own servers, before it asks Fairlead. */
function elsewhere(
  task: Task | undefined,
  adoption: Pick<AdoptionPort, 'containers'>,
): Pick<ExplainJson, 'elsewhere'> {
  const found = task && adoption.containers().find(({ id }) => id === task.id);
  if (!found || found.adopted) return {};
  const { server, why } = found;
  const who =
    server === DOCKER_RESOLVER
      ? "Docker's resolver answers this container's queries for names on its networks, regardless of health, and asks Fairlead only for other names"
      : `this container asks ${server ?? 'its own servers'}`;
  return { elsewhere: `${who}: it is not adopted (${why})` };
}

function vipPort(info: VirtualServiceInfo): ExplainVipPortJson {
  const { port, protocol, scheduler, settings, state, problem, carrier } = info;
  return {
    ...{ port, protocol, scheduler, state },
    ...(settings && { settings }),
    ...(problem !== undefined && { problem }),
    ...(carrier && { carrier }),
  };
}

/** `80/tcp active, weight 1, 3 open`, for each port. */
function pickSet({ id }: Task, carried: readonly VirtualServiceInfo[]): string[] {
  return carried.flatMap(({ port, protocol, tasks }) => {
    const found = tasks.find(({ task }) => task === id);
    if (!found) return [];
    const { state, weight, active, maxConnections } = found;
    const most = maxConnections === undefined ? '' : ` of ${maxConnections} at most`;
    return [`${port}/${protocol} ${state}, weight ${weight}, ${active} open${most}`];
  });
}

function viewInfo(snapshot: Snapshot, view: View, as: string | undefined): ViewJson {
  return {
    ...(as !== undefined && { address: as }),
    environment: view.environment,
    ...(view.stack !== undefined && { stack: view.stack }),
    ...(view.service && { service: serviceName(view.service) }),
    ...(view.task && { task: view.task.name }),
    networks: view.networks === 'all' ? 'all' : view.networks.map((id) => snapshot.network(id)?.name ?? id),
  };
}
