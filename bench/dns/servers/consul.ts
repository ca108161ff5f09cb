import { DOMAIN, OWN_TTL, type BenchService } from '../zone.js';
import type { ServerSpec } from './spec.js';

/** One server in memory, with the services as a client would register them. It has no stacks: `service.service.<domain>`. */
export const consul: ServerSpec = {
  key: 'consul',
  title: 'Consul',
  peer: true,
  needs: {
    program: 'consul',
    install:
      'apt-get install consul (Debian 11: add the suite bullseye with a priority below 100, or take the package of hashicorp.com)',
  },
  launch: async ({ dir, port, zone, freePort, write }) => {
    const ports = {
      dns: port,
      http: await freePort(),
      server: await freePort(),
      serf_lan: await freePort(),
      serf_wan: -1,
      grpc: -1,
    };
    const config = {
      domain: DOMAIN,
      ports,
      log_level: 'ERR',
      disable_update_check: true,
      dns_config: { service_ttl: { '*': `${OWN_TTL}s` } },
      services: zone.flatMap(instances),
    };
    const file = write('consul.json', JSON.stringify(config));
    return {
      command: 'consul',
      args: ['agent', '-dev', '-bind=127.0.0.1', '-node=bench', `-config-file=${file}`, `-data-dir=${dir}`],
    };
  },
  translate: (question) => ({ ...question, name: question.name.replace(/\.[^.]+\./, '.service.') }),
};

const instances = ({ name, tasks }: BenchService): object[] =>
  tasks.map((task) => ({ id: task.name, name, address: task.ip, port: 80 }));
