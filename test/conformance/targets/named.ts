import { DOMAIN, SUBNET } from '../golden/fixture.js';
import { forwardZoneFile, reverseZoneFile } from '../golden/zone-file.js';
import type { ServerPlan } from './process.js';
import type { PlanContext } from './reference.js';

/** BIND 9 with one worker; nothing but the golden zone, minimal answers, and the fake upstream. */
export function namedPlan({ directory, port, upstreamPort, recursion, minimum }: PlanContext): ServerPlan {
  const forwarding = recursion
    ? `recursion yes; allow-recursion { any; }; forwarders { 127.0.0.1 port ${upstreamPort}; }; forward only;`
    : 'recursion no;';
  const conf = `
    options {
      directory "${directory}";
      listen-on port ${port} { 127.0.0.1; };
      listen-on-v6 { none; };
      pid-file none;
      session-keyfile none;
      managed-keys-directory "${directory}";
      allow-query { any; };
      dnssec-validation no;
      minimal-responses no-auth;
      minimal-any yes;
      max-records-per-type 0;
      notify no;
      allow-transfer { none; };
      ${forwarding}
    };
    controls { };
    zone "${DOMAIN}" { type primary; file "forward.zone"; check-names ignore; };
    zone "${SUBNET.reverse}" { type primary; file "reverse.zone"; };
  `;
  return {
    command: '/usr/sbin/named',
    args: ['-g', '-n', '1', '-c', 'named.conf'],
    files: {
      'named.conf': conf,
      'forward.zone': forwardZoneFile({ minimum }),
      'reverse.zone': reverseZoneFile({ minimum }),
    },
  };
}
