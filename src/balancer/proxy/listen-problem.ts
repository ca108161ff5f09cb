import { RAISE_LIMIT, TooManyListeners } from '../flows/flow-budget.js';
import { errorMessage } from '../../net/error-message.js';
import { formatHostPort, ipFamily } from '../../net/ip.js';
import { placeText } from '../desired/place-text.js';
import type { Place, PlaneProblem, VirtualService } from '../plane.js';

type Endpoint = Pick<VirtualService, 'service' | 'vip' | 'port' | 'protocol'>;

export interface ListenProblem extends PlaneProblem {
  readonly at: Place;
  readonly service: string;
  /** The error of the listener. */
  readonly cause: unknown;
}

/** Ports that a summary names. */
const NAMED = 3;

/** Why a virtual service is not served, in one line, with what to do. It is tried again at the next apply. */
export function listenProblem({ service, vip, port, protocol }: Endpoint, error: unknown): ListenProblem {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  const place = `${formatHostPort({ ip: vip, port })}/${protocol}`;
  const why = reason(code, vip, port, protocol) ?? errorMessage(error);
  const message = `service ${service}: cannot serve ${place}: ${why}`;
  return { at: { vip, port, protocol }, message, service, cause: error };
}

/**
 * Ports that there was no descriptor of a listener for have one cause: one problem names all of them.
 * @param all ports that there are to be
 */
export function tellLeftOut(problems: readonly ListenProblem[], all: number): readonly PlaneProblem[] {
  const leftOut = problems.filter(({ cause }) => cause instanceof TooManyListeners);
  const [first] = leftOut;
  if (!first || !(first.cause instanceof TooManyListeners)) return problems;
  const names = leftOut.slice(0, NAMED).map(({ at, service }) => `${placeText(at)} (${service})`);
  const more = leftOut.length > NAMED ? ` and ${leftOut.length - NAMED} more` : '';
  const summary = `${leftOut.length} of ${all} ports of virtual IPs are not served: ${first.cause.message}; left out: ${names.join(', ')}${more}`;
  return problems.map((each) => (each.cause instanceof TooManyListeners ? { ...each, summary } : each));
}

/** Two services request the same address. The first by key gets it. */
export function conflictProblem({ service, vip, port, protocol }: Endpoint, holder: string): PlaneProblem {
  const place = `${formatHostPort({ ip: vip, port })}/${protocol}`;
  const message = `service ${service}: cannot serve ${place}: service ${holder} uses it; give one of them another virtual IP or port`;
  return { at: { vip, port, protocol }, message };
}

function reason(code: unknown, ip: string, port: number, protocol: 'udp' | 'tcp'): string | undefined {
  switch (code) {
    case 'EADDRINUSE':
      return (
        `the port is in use; find the program with "ss -l${protocol.charAt(0)}np sport = :${port}" ` +
        `(a listener on 0.0.0.0 uses it on every address) and stop it or bind it to one address`
      );
    case 'EACCES':
    case 'EPERM':
      return 'this process has no right to use ports below 1024; run it as root or give it CAP_NET_BIND_SERVICE';
    case 'EADDRNOTAVAIL':
      return (
        `the address is not local to this host; run as root or with CAP_NET_ADMIN, or add the pool once with ` +
        (ipFamily(ip) === 4
          ? `"ip route add local ${ip}/32 dev lo" (or for the whole range)`
          : `"ip -6 route add local ${ip}/128 dev lo" (or for the whole range) and "sysctl -w net.ipv6.ip_nonlocal_bind=1"`)
      );
    case 'EAFNOSUPPORT':
      return 'this host has no IPv6; choose an IPv4 pool';
    case 'EMFILE':
    case 'ENFILE':
      return `there is no file descriptor left; ${RAISE_LIMIT}`;
    default:
      return undefined;
  }
}
