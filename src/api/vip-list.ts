import { serviceName, type Service } from '../catalog/model.js';
import type { Snapshot } from '../catalog/snapshot.js';
import { refJson } from './json.js';
import type { ApiPorts, VirtualServiceInfo } from './ports.js';
import { byText } from './sorted.js';
import type { VipJson, VipTaskJson } from './types/vips-json.js';

/** What belongs to a list; what is absent chooses nothing. */
export interface Place {
  readonly environment?: string | undefined;
  readonly stack?: string | undefined;
  readonly service?: string | undefined;
}

interface Listed {
  readonly service: Service;
  readonly info: VirtualServiceInfo;
}

/**
 * The ports of virtual IPs with the tasks behind them, by service and port.
 * @returns the snapshot that they belong to, and the items, made one by one
 */
export async function vipList(
  { catalog, vips }: Pick<ApiPorts, 'catalog' | 'vips'>,
  place: Place,
): Promise<{ readonly snapshot: Snapshot; readonly items: Iterable<VipJson> }> {
  const carried = await vips.services();
  const { snapshot } = catalog;
  const found: Listed[] = [];
  for (const info of carried) {
    const service = snapshot.serviceByKey(info.service);
    if (service && isIn(service, place)) found.push({ service, info });
  }
  found.sort(byServiceAndPort);
  return { snapshot, items: eachJson(found, snapshot) };
}

function isIn(service: Service, { environment, stack, service: name }: Place): boolean {
  return (
    (environment === undefined || service.environment === environment) &&
    (stack === undefined || service.stack === stack) &&
    (name === undefined || service.service === name)
  );
}

function byServiceAndPort({ info: a }: Listed, { info: b }: Listed): number {
  return byText(a.service, b.service) || a.port - b.port || byText(a.protocol, b.protocol);
}

function* eachJson(found: readonly Listed[], snapshot: Snapshot): Generator<VipJson> {
  for (const { service, info } of found) {
    const { service: key, tasks, ...rest } = info;
    yield {
      ...refJson(service),
      key,
      name: serviceName(service),
      ...rest,
      tasks: tasks.map(({ task, ...more }) => vipTaskJson(task, more, snapshot)),
    };
  }
}

function vipTaskJson(id: string, task: Omit<VipTaskJson, 'id'>, snapshot: Snapshot): VipTaskJson {
  const configuredWeight = snapshot.task(id)?.weight;
  return { id, ...task, ...(configuredWeight !== undefined && { configuredWeight }) };
}
