import { DOMAIN, zoneFile } from '../zone.js';
import type { ServerSpec } from './spec.js';

export const knot: ServerSpec = {
  key: 'knot',
  title: 'Knot DNS',
  peer: true,
  needs: { program: 'knotd', install: 'apt-get install knot' },
  launch: ({ dir, port, zone, write }) => {
    const file = write('zone', zoneFile(zone));
    const conf = `server:
  rundir: "${dir}"
  listen: 127.0.0.1@${port}
  udp-workers: 1
  tcp-workers: 1
  background-workers: 1
  answer-rotation: on
database:
  storage: "${dir}"
log:
  - target: stderr
    any: error
zone:
  - domain: ${DOMAIN}
    file: "${file}"
    zonefile-sync: -1
    zonefile-load: whole
    journal-content: none
`;
    return { command: 'knotd', args: ['-c', write('conf', conf)] };
  },
};
