import { DOMAIN, SUBNET } from '../golden/fixture.js';
import { forwardZoneFile, reverseZoneFile } from '../golden/zone-file.js';
import type { ServerPlan } from './process.js';
import type { PlanContext } from './reference.js';

/** unbound with one thread; the golden zone as an auth-zone, everything else from the fake upstream. */
export function unboundPlan({ directory, port, upstreamPort, recursion, minimum }: PlanContext): ServerPlan {
  const conf = `
server:
    directory: "${directory}"
    chroot: ""
    username: ""
    pidfile: ""
    use-syslog: no
    logfile: ""
    num-threads: 1
    do-daemonize: no
    interface: 127.0.0.1@${port}
    do-ip6: no
    access-control: 127.0.0.0/8 ${recursion ? 'allow' : 'refuse_non_local'}
    do-not-query-localhost: no
    module-config: "iterator"
    minimal-responses: no
    max-udp-size: 1232
    ede: yes
    local-zone: "${SUBNET.reverse}." transparent
remote-control:
    control-enable: no
auth-zone:
    name: "${DOMAIN}"
    zonefile: "forward.zone"
    for-downstream: yes
    for-upstream: yes
auth-zone:
    name: "${SUBNET.reverse}"
    zonefile: "reverse.zone"
    for-downstream: yes
    for-upstream: yes
forward-zone:
    name: "."
    forward-addr: 127.0.0.1@${upstreamPort}
`;
  return {
    command: '/usr/sbin/unbound',
    args: ['-d', '-c', 'unbound.conf'],
    files: {
      'unbound.conf': conf,
      'forward.zone': forwardZoneFile({ minimum }),
      'reverse.zone': reverseZoneFile({ minimum }),
    },
  };
}
