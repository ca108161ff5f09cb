import { DOMAIN, zoneFile } from '../zone.js';
import type { ServerSpec } from './spec.js';

export const bind: ServerSpec = {
  key: 'bind',
  title: 'BIND',
  peer: true,
  needs: { program: 'named', install: 'apt-get install bind9' },
  launch: ({ dir, port, zone, scenario, upstream, write }) => {
    const role = scenario.foreign
      ? `recursion yes; forward only; forwarders { 127.0.0.1 port ${upstream}; };`
      : 'recursion no;';
    const conf = `options {
  directory "${dir}";
  listen-on port ${port} { 127.0.0.1; };
  listen-on-v6 { none; };
  pid-file none;
  session-keyfile none;
  allow-query { any; };
  minimal-responses no-auth;
  dnssec-validation no;
  notify no;
  ${role}
};
controls {};
logging { category default { null; }; };
`;
    if (!scenario.foreign) write('zone', zoneFile(zone));
    const own = scenario.foreign ? '' : `zone "${DOMAIN}" { type primary; file "zone"; };\n`;
    return { command: 'named', args: ['-f', '-4', '-n', '1', '-c', write('conf', conf + own)] };
  },
};
