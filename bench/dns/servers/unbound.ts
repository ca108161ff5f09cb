import { DOMAIN, OWN_TTL, records, type BenchService } from '../zone.js';
import type { ServerSpec } from './spec.js';

export const unbound: ServerSpec = {
  key: 'unbound',
  title: 'unbound',
  peer: true,
  needs: { program: 'unbound', install: 'apt-get install unbound' },
  launch: ({ dir, port, zone, scenario, upstream, write }) => {
    const server = `server:
  interface: 127.0.0.1
  port: ${port}
  num-threads: 1
  do-daemonize: no
  username: ""
  chroot: ""
  directory: "${dir}"
  pidfile: ""
  use-syslog: no
  module-config: "iterator"
  do-not-query-localhost: no
`;
    const rest = scenario.foreign
      ? `forward-zone:\n  name: "."\n  forward-addr: 127.0.0.1@${upstream}\n`
      : `  local-zone: "${DOMAIN}." static\n${localData(zone)}`;
    const conf = write('conf', `${server}${rest}remote-control:\n  control-enable: no\n`);
    return { command: 'unbound', args: ['-d', '-c', conf] };
  },
};

function localData(zone: readonly BenchService[]): string {
  let text = '';
  for (const [owner, type, data] of records(zone))
    text += `  local-data: "${owner}. ${OWN_TTL} IN ${type} ${data}"\n`;
  return text;
}
