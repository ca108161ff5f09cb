import { formatHostPort } from '../../net/ip.js';
import { fail, ok, warn, type Finding, type HostFacts, type ListenerFacts } from './host-facts.js';

/** Numbers of linux/capability.h. */
const CAP_NET_BIND_SERVICE = 10;
const CAP_NET_ADMIN = 12;

/** The capabilities, addresses and ports that DNS needs in order to listen. */
export function checkListening(facts: HostFacts): Finding[] {
  const servedByUs = new Set(facts.daemon.state === 'up' ? facts.daemon.status.dns.listen : []);
  return [
    ...checkRights(facts, servedByUs),
    ...facts.listeners.flatMap((listener) => {
      const ours = servedByUs.has(formatHostPort(listener));
      return [checkAddress(facts, listener, ours), ...checkPort(listener, ours)];
    }),
  ];
}

function checkRights(facts: HostFacts, servedByUs: ReadonlySet<string>): Finding[] {
  const { capabilities } = facts;
  if (capabilities === undefined || facts.listeners.length === 0) return [];
  // A running daemon evidently has the capabilities; the user of the doctor does not need them.
  const waiting = facts.listeners.filter((listener) => !servedByUs.has(formatHostPort(listener)));
  if (waiting.length === 0) return [ok('rights', 'the daemon has the rights that it needs')];
  const from = facts.sysctls.unprivilegedPortStart ?? 1024;
  const low = waiting.find(({ port }) => port > 0 && port < from);
  const missing = waiting.find(({ present, linkLocal }) => !present && linkLocal);
  const lacks = [
    low && !capabilities.includes(CAP_NET_BIND_SERVICE)
      ? `CAP_NET_BIND_SERVICE (for port ${low.port})`
      : undefined,
    missing && !capabilities.includes(CAP_NET_ADMIN)
      ? `CAP_NET_ADMIN (to add ${missing.ip} to an interface)`
      : undefined,
  ].filter((each) => each !== undefined);
  if (lacks.length === 0) return [ok('rights', 'this user may bind the ports and add the addresses')];
  return [
    fail(
      'rights',
      `this user lacks ${lacks.join(' and ')}`,
      'run as root or with AmbientCapabilities in the systemd unit, or set dns.listen to 127.0.0.1:5300',
    ),
  ];
}

function checkAddress(facts: HostFacts, { ip, present, linkLocal }: ListenerFacts, ours: boolean): Finding {
  if (present) return ok('address', `${ip} is on an interface`);
  if (ours) {
    return fail(
      'address',
      `${ip} is no longer on an interface, though the daemon listens there`,
      'restart the daemon to add it again',
    );
  }
  if (!linkLocal) {
    return fail(
      'address',
      `${ip} is not on an interface of this host`,
      'add it, or set dns.listen to an address of this host',
    );
  }
  if (facts.platform !== 'linux')
    return fail('address', `${ip} is not on an interface`, 'add it to the loopback interface');
  return ok('address', `${ip} is not on an interface yet; the daemon adds it when it starts`);
}

function checkPort(listener: ListenerFacts, ours: boolean): Finding[] {
  const where = formatHostPort(listener);
  const { udp, tcp, answers, present } = listener;
  if (ours) {
    if (answers) return [ok('port', `${where} is served by Fairlead`)];
    return [
      warn(
        'port',
        `${where} is held by Fairlead, but a query from here got no answer`,
        'check the firewall rules and dns.allow',
      ),
    ];
  }
  if (udp === 'taken' || tcp === 'taken') {
    const what = [udp === 'taken' ? 'UDP' : '', tcp === 'taken' ? 'TCP' : ''].filter(Boolean).join(' and ');
    const who = answers ? 'another DNS server answers there' : 'another program holds it';
    const remedy = `stop it ("ss -lntup 'sport = :${listener.port}'" names it), or change dns.listen`;
    return [fail('port', `${where} is taken (${what}): ${who}`, remedy)];
  }
  // Missing rights and a missing address have their own findings.
  if (!present || udp === 'denied' || tcp === 'denied') return [];
  if (udp === 'free' && tcp === 'free') return [ok('port', `${where} is free`)];
  return [
    warn('port', `cannot find out whether ${where} is free`, 'start the daemon, which logs the reason'),
  ];
}
