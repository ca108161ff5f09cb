import { describe, expect, it } from 'vitest';
import type { Facts, ServiceFact } from '../../../src/catalog/facts.js';
import { serviceKey } from '../../../src/catalog/model.js';
import { ContainerLabels } from '../../../src/sources/docker/container-labels.js';
import { SharedServices } from '../../../src/sources/docker/shared-services.js';
import { toFact } from '../../../src/sources/docker/to-fact.js';
import { answerTo, zoneOf } from '../../dns/zone/support.js';
import { container } from './inspection.js';

const context = {
  ...{ environment: 'default', hostAddress: undefined, clientAddresses: [], root: undefined },
  ...{ unservedNetworks: new Set<string>(), sent: undefined, container: () => undefined },
  labels: new ContainerLabels(),
};

const read = (labels: Record<string, string>, name = '/x') =>
  toFact(
    container({
      name,
      config: { Labels: labels, ExposedPorts: { '80/tcp': {}, '443/tcp': {}, '9000/tcp': {} } },
    }),
    context,
  );

describe('port names in registrator’s form', () => {
  it('define one service each, with that port alone', () => {
    const { fact, claims } = read({
      SERVICE_80_NAME: 'web',
      SERVICE_443_NAME: 'web-tls',
      SERVICE_9000_NAME: 'Admin',
    });
    expect(fact?.service).toEqual({ environment: 'default', stack: 'default', service: 'web' });
    expect(claims?.named.map(({ service, ports }) => [service, ports])).toEqual([
      ['web-tls', [{ port: 443, protocol: 'tcp', name: 'web-tls' }]],
      ['admin', [{ port: 9000, protocol: 'tcp', name: 'admin' }]],
    ]);
    const facts: Facts = { tasks: fact ? [fact] : [], services: claims?.named ?? [] };
    const { zone } = zoneOf(facts);
    const ask = (name: string, type: 'A' | 'SRV') =>
      answerTo(zone, `${name}.default.rancher.internal`, type, '10.0.0.9');
    expect(['web', 'web-tls', 'admin'].map((name) => ask(name, 'A'))).toEqual(Array(3).fill('172.17.0.2'));
    expect(ask('web-tls', 'SRV')).toBe('SRV 0 256 443 x.rancher.internal.');
    expect(ask('web', 'SRV')).toContain('SRV 0 256 80 x.rancher.internal.');
  });

  it('define no further service if all ports have the same name, or if there is no service', () => {
    expect(read({ SERVICE_80_NAME: 'web', SERVICE_443_NAME: 'web' }).claims?.named).toEqual([]);
    expect(read({ SERVICE_80_NAME: 'a.b' }).claims?.named ?? []).toEqual([]);
  });
});

describe('a service that several containers define', () => {
  const fact = (service: string): ServiceFact => ({
    ...{ environment: 'default', stack: 'default', service },
    kind: 'alias',
    aliasOf: [{ environment: 'default', stack: 'default', service: 'web' }],
  });
  const key = serviceKey(fact('tls'));

  it('exists as long as one of them defines it', () => {
    const shared = new SharedServices();
    shared.set('a', { named: [fact('tls')] });
    shared.set('b', { named: [fact('tls')] });
    expect(shared.takeChanges()).toEqual({ services: [fact('tls')], removedServices: [] });
    shared.set('a');
    expect(shared.takeChanges()).toEqual({ services: [fact('tls')], removedServices: [] });
    shared.set('b');
    expect(shared.takeChanges()).toEqual({ services: [], removedServices: [key] });
    expect([shared.takeChanges(), shared.all()]).toEqual([{ services: [], removedServices: [] }, []]);
  });

  it('is a problem if its name is written in several ways, as long as it is', () => {
    const shared = new SharedServices();
    const compose = (service: string, name: string) =>
      read({ 'com.docker.compose.project': 'shop', 'com.docker.compose.service': service }, name).claims;
    shared.set('a', compose('Web', '/shop-Web-1'));
    expect(shared.problems()).toEqual([]);
    shared.set('b', compose('web', '/shop-web-1'));
    expect(shared.problems()).toEqual([
      {
        code: 'name-collision',
        subject: 'service default/shop/web',
        message:
          'service default/shop/web: "Web" (container shop-Web-1) and "web" (container shop-web-1) are the same name in DNS, ' +
          'so they are served as one service; rename one of them',
      },
    ]);
    shared.set('a');
    expect(shared.problems()).toEqual([]);
  });

  it('reaches the catalog through the facts of a container', () => {
    expect(read({ SERVICE_80_NAME: 'web', SERVICE_443_NAME: 'tls' }).claims?.spelled).toEqual({
      key: 'default/default/web',
      text: 'web',
      container: 'x',
    });
  });
});
