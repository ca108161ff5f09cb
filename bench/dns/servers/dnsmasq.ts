import { DOMAIN, OWN_TTL, ownerOf, PORT, srvOwnerOf, targetOf, type BenchService } from '../zone.js';
import type { ServerSpec } from './spec.js';

export const dnsmasq: ServerSpec = {
  key: 'dnsmasq',
  title: 'dnsmasq',
  peer: true,
  needs: { program: 'dnsmasq', install: 'apt-get install dnsmasq-base' },
  launch: ({ dir, port, zone, scenario, upstream, write }) => {
    const lines = [
      `port=${port}`,
      'listen-address=127.0.0.1',
      'bind-interfaces',
      'user=root',
      `pid-file=${dir}/pid`,
      'no-resolv',
      'no-hosts',
      'cache-size=10000',
    ];
    if (scenario.foreign) lines.push(`server=127.0.0.1#${upstream}`);
    else {
      const hosts = write('hosts', `${zone.flatMap(hostLines).join('\n')}\n`);
      lines.push(`local=/${DOMAIN}/`, `local-ttl=${OWN_TTL}`, `addn-hosts=${hosts}`);
      if (scenario.shape.dual) lines.push(...zone.flatMap(srvLines));
    }
    return {
      command: 'dnsmasq',
      args: ['--keep-in-foreground', `--conf-file=${write('conf', `${lines.join('\n')}\n`)}`],
    };
  },
};

const hostLines = (service: BenchService): string[] =>
  service.tasks.flatMap((task) =>
    [task.ip, task.ip6]
      .filter((ip) => ip !== undefined)
      .map((ip) => `${ip} ${ownerOf(service)} ${targetOf(task)}`),
  );

const srvLines = (service: BenchService): string[] =>
  service.tasks.map((task) => `srv-host=${srvOwnerOf(service)},${targetOf(task)},${PORT},0,256`);
