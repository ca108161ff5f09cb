import { DOMAIN, SUBNET } from '../golden/fixture.js';
import { forwardZoneFile, reverseZoneFile } from '../golden/zone-file.js';
import type { ServerPlan } from './process.js';
import type { PlanContext } from './reference.js';

/** Knot DNS with one worker a transport. It is authoritative only. */
export function knotPlan({ directory, port, minimum }: PlanContext): ServerPlan {
  const conf = `
server:
    rundir: "${directory}"
    listen: 127.0.0.1@${port}
    udp-workers: 1
    tcp-workers: 1
    background-workers: 1
log:
  - target: stderr
    any: warning
database:
    storage: "${directory}"
zone:
  - domain: ${DOMAIN}
    storage: "${directory}"
    file: forward.zone
    semantic-checks: off
  - domain: ${SUBNET.reverse}
    storage: "${directory}"
    file: reverse.zone
`;
  return {
    command: '/usr/sbin/knotd',
    args: ['-c', 'knot.conf'],
    files: {
      'knot.conf': conf,
      'forward.zone': forwardZoneFile({ minimum }),
      'reverse.zone': reverseZoneFile({ minimum }),
    },
  };
}
