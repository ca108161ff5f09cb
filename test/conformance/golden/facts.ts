import type { Facts, ServiceFact, TaskFact } from '../../../src/catalog/facts.js';
import { ref, taskFact } from '../../support/facts.js';
import { parseRecord, type StaticRecord } from '../../../src/wire/static-record.js';
import {
  deepTask,
  DOMAIN,
  goldenServices,
  STACK,
  staticRecords,
  SUBNET,
  type GoldenService,
} from './fixture.js';

/** The golden zone as a source would tell it. */
export function goldenFacts(): Facts {
  return {
    services: goldenServices.map(serviceFact),
    tasks: [...goldenServices.flatMap(taskFacts), taskFact(deepTask.name, { ip: deepTask.address })],
    networks: [
      {
        id: 'golden',
        name: 'golden',
        driver: 'bridge',
        internal: false,
        subnets: [SUBNET.cidr],
        gateways: [SUBNET.gateway],
      },
    ],
  };
}

/** What configuration reports the golden zone. */
export function goldenRecords(): readonly StaticRecord[] {
  return staticRecords.map((line) => {
    const result = parseRecord(line.replace(' ', `.${DOMAIN} `));
    if (!result.ok) throw new Error(`the record "${line}" ${result.fault}`);
    return result.record;
  });
}

function serviceFact(service: GoldenService): ServiceFact {
  const own = ref(`${service.name}.${STACK}`);
  switch (service.kind) {
    case 'tasks':
    case 'empty':
      return { ...own, kind: 'tasks', ports: [{ port: 80, protocol: 'tcp', name: 'http' }] };
    case 'addresses':
      return { ...own, kind: 'external', externalIps: service.addresses };
    case 'cname':
      return { ...own, kind: 'external', hostname: service.target };
  }
}

function taskFacts(service: GoldenService): TaskFact[] {
  if (service.kind !== 'tasks') return [];
  return service.addresses.map((ip, index) =>
    taskFact(`${service.name}-${index + 1}`, {
      service: ref(`${service.name}.${STACK}`),
      ip,
      ports: [{ port: 80, protocol: 'tcp', name: 'http', target: 80 }],
    }),
  );
}
