import type { AnsweringJson, ForwardingJson, ZonesJson } from '../../api/types/dns-figures.js';
import type { SourceJson } from '../../api/types/resources.js';
import type { StatusJson } from '../../api/types/status-json.js';
import { count } from '../format/words.js';
import { ageBetween } from '../../net/age.js';
import { fail, ok, warn, type Finding, type HostFacts } from './host-facts.js';

export function checkResolver({ nameservers, listeners }: HostFacts): Finding {
  if (nameservers === undefined || nameservers.length === 0) {
    return warn(
      'resolv.conf',
      '/etc/resolv.conf names no server, so other names cannot be forwarded',
      'list servers under dns.upstreams',
    );
  }
  const own = nameservers.filter((each) => listeners.some(({ ip }) => ip === each));
  const list = nameservers.join(', ');
  if (own.length === 0) return ok('resolv.conf', `this host asks ${list}`);
  if (own.length < nameservers.length)
    return ok('resolv.conf', `this host asks ${list}; Fairlead forwards to the others, never to itself`);
  return warn(
    'resolv.conf',
    `this host asks only Fairlead (${list}), which then has no server to forward to`,
    'list servers under dns.upstreams',
  );
}

export function checkDaemon({ daemon }: HostFacts): Finding[] {
  if (daemon.state === 'denied') {
    return [
      warn(
        'daemon',
        `no permission to ask it at ${daemon.address}`,
        "run the doctor as root or as a member of the socket's group",
      ),
    ];
  }
  if (daemon.state === 'down') {
    // One line of "what and why; what to do", in the form that commands print.
    const [what = '', ...remedy] = daemon.message.split('; ');
    return [warn('daemon', what, remedy.join('; ') || 'start it with "fairlead run"')];
  }
  const { status, address } = daemon;
  const { reload } = status.config;
  const now = Date.parse(status.now);
  return [
    ok('daemon', `version ${status.version}, up ${ageBetween(status.startedAt, now)}, at ${address}`),
    ...(reload === undefined || reload.ok
      ? []
      : [
          fail(
            'daemon',
            `its last reload failed ${ageBetween(reload.at, now)} ago: ${reload.error ?? 'no reason given'}`,
            'fix the configuration and send SIGHUP again',
          ),
        ]),
    ...checkState(status.state),
    ...checkCapabilities(status.capabilities),
    checkAnswering(status.dns.answering),
    ...checkUpstreams(status.dns.forwarding),
    checkZones(status.dns.zones),
    ...status.sources.map((source) => checkSource(source, now)),
    ...status.publishers.map((publisher) => checkPublisher(publisher, now)),
    ...(status.problems.length === 0
      ? []
      : [
          warn(
            'catalog',
            `${count(status.problems.length, 'problem')} with labels or files`,
            '"fairlead status" shows each',
          ),
        ]),
  ];
}

/** Nothing in Fairlead needs it, so only a daemon that has given up nothing has it. */
const NEVER_NEEDED = 'SYS_MODULE';

/** The status of an older daemon does not have them. */
function checkCapabilities(capabilities: readonly string[] = []): Finding[] {
  if (capabilities.length === 0) return [];
  if (!capabilities.includes(NEVER_NEEDED))
    return [ok('rights', `the daemon has given up all but ${capabilities.join(', ')}`)];
  return [
    warn(
      'rights',
      'the daemon keeps all rights of root, also those that it does not need',
      'install the package koffi, by which it can give them up',
    ),
  ];
}

/** The status of an older daemon does not have it. */
function checkState(state: StatusJson['state'] | undefined): Finding[] {
  if (state?.error === undefined) return [];
  return [
    fail('state', state.error, 'until this is fixed, a restart forgets all changes since the last write'),
  ];
}

function checkAnswering({ backend, why, threads }: AnsweringJson): Finding {
  return ok(
    'udp',
    backend === 'native'
      ? `answered by ${count(threads, 'thread')}, with many packets per system call`
      : `answered one by one, which takes a few times as much CPU (${why ?? 'no reason given'})`,
  );
}

function checkUpstreams({ routes }: ForwardingJson): Finding[] {
  return routes.flatMap(({ suffix, upstreams }) => {
    const down = upstreams.filter(({ up }) => !up);
    if (down.length === 0) return [];
    const names = suffix === '.' ? 'names outside the domain' : `names in ${suffix}`;
    const list = down.map(({ address, lastError = 'no answer' }) => `${address} (${lastError})`).join(', ');
    const judge = down.length === upstreams.length ? fail : warn;
    return [
      judge(
        'upstreams',
        `${down.length} of ${upstreams.length} servers for ${names} do not answer: ${list}`,
        'check that they run and that no firewall blocks them, or change dns.upstreams or dns.forward',
      ),
    ];
  });
}

/** There are many reverse zones, so the line only counts them. */
function checkZones({ denied, opened }: ZonesJson): Finding {
  const isReverse = (zone: string) => /\.(?:in-addr|ip6)\.arpa$/.test(zone);
  const list = denied.filter((zone) => !isReverse(zone));
  const reverse = denied.length - list.length;
  return ok(
    'zones',
    `denied here: ${list.join(', ')} and ${count(reverse, 'reverse zone')}; asked upstream all the same: ${opened.join(', ') || 'none'} (dns.forward opens more)`,
  );
}

function checkSource(
  { name, state, asOf, error = 'no reason given', detail }: SourceJson,
  now: number,
): Finding {
  const check = `source ${name}`;
  if (state === 'live') return ok(check, detail ?? 'live');
  if (state === 'loading')
    return warn(check, `has not reported anything yet: ${error}`, 'wait, or look at the log of the daemon');
  return warn(
    check,
    `its facts are ${ageBetween(asOf, now)} old: ${error}`,
    'they are served until it is back; find out why it is away',
  );
}

function checkPublisher(
  { name, state, asOf, error = 'no reason given', detail }: SourceJson,
  now: number,
): Finding {
  const check = `publisher ${name}`;
  if (state === 'live') return ok(check, detail ?? 'live');
  return warn(
    check,
    state === 'loading' ? `has published nothing yet: ${error}` : `${ageBetween(asOf, now)} behind: ${error}`,
    'other hosts do not see changes of this host until this is fixed',
  );
}
