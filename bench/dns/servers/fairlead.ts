import { addressesFrom } from '../addresses.js';
import { FIRST_CLIENT } from '../scenario.js';
import { PORT, PORT_NAME, type BenchService } from '../zone.js';
import type { ServerSpec, Site } from './spec.js';

/**
 * The daemon as it is installed, with the file source.
 * @param main the built `main.js`
 * @param native `off`: UDP over Node's own sockets
 */
export const fairlead = (main: string, native: 'auto' | 'off'): ServerSpec => ({
  key: native === 'off' ? 'fairlead-dgram' : 'fairlead',
  title: native === 'off' ? 'Fairlead, dgram' : 'Fairlead',
  peer: false,
  launch: (site) => {
    site.write('services.yaml', servicesFile(site));
    const config = site.write('fairlead.yaml', configOf(site, native));
    return { command: process.execPath, args: [main, 'run', '--config', config] };
  },
});

const configOf = ({ dir, port, scenario, upstream }: Site, native: 'auto' | 'off'): string => `
state: ${dir}/state
log: { level: warn }
dns:
  listen: ['127.0.0.1:${port}']
  upstreams: ${scenario.foreign ? `['127.0.0.1:${upstream}']` : '[]'}
${native === 'off' ? "  native: 'off'\n" : ''}vip: false
sources: { file: { path: services.yaml } }
api: { listen: ['unix:${dir}/api.sock'] }
`;

function servicesFile({ zone, scenario }: Site): string {
  const lines = ['stacks:'];
  for (const [stack, services] of byStack(zone)) {
    lines.push(`  ${stack}:`, '    services:');
    for (const { name, tasks } of services) {
      lines.push(`      ${name}:`, `        ports: [${PORT_NAME}=${PORT}/tcp]`, '        tasks:');
      for (const { name: task, ip, ip6 } of tasks) {
        const second = ip6 === undefined ? '' : `, ip6: "${ip6}"`;
        lines.push(`          - { name: ${task}, ip: ${ip}${second} }`);
      }
    }
  }
  if (scenario.clients > 1) lines.push('clients:', ...clientLines(zone, scenario.clients));
  return `${lines.join('\n')}\n`;
}

function byStack(zone: readonly BenchService[]): Map<string, BenchService[]> {
  const stacks = new Map<string, BenchService[]>();
  for (const service of zone) {
    const services = stacks.get(service.stack);
    if (services) services.push(service);
    else stacks.set(service.stack, [service]);
  }
  return stacks;
}

/** Client i is one of the stack of service i. */
function clientLines(zone: readonly BenchService[], clients: number): string[] {
  const address = addressesFrom(FIRST_CLIENT);
  return zone.slice(0, clients).map(({ stack }, index) => `  ${address(index)}: { stack: ${stack} }`);
}
