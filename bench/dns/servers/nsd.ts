import { DOMAIN, zoneFile } from '../zone.js';
import type { ServerSpec } from './spec.js';

export const nsd: ServerSpec = {
  key: 'nsd',
  title: 'NSD',
  peer: true,
  needs: { program: 'nsd', install: 'apt-get install nsd' },
  launch: ({ dir, port, zone, write }) => {
    write('zone', zoneFile(zone));
    const conf = `server:
  server-count: 1
  ip-address: 127.0.0.1@${port}
  username: ""
  zonesdir: "${dir}"
  database: ""
  logfile: "/dev/null"
  pidfile: "${dir}/pid"
  xfrdfile: "${dir}/xfrd"
  xfrdir: "${dir}"
  zonelistfile: "${dir}/zones"
  minimal-responses: yes
  round-robin: yes
  rrl-ratelimit: 0
remote-control:
  control-enable: no
zone:
  name: ${DOMAIN}
  zonefile: zone
`;
    return { command: 'nsd', args: ['-d', '-c', write('conf', conf)] };
  },
};
