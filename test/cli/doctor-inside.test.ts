import { createSocket } from 'node:dgram';
import { createServer } from 'node:net';
import { expect, describe, it } from 'vitest';
import { checkInside } from '../../src/cli/doctor/check-inside.js';
import { commandsFor, dnsOpenings, vipOpening } from '../../src/cli/doctor/firewall-rules.js';
import type { HostFacts, InsideFacts } from '../../src/cli/doctor/host-facts.js';
import { inputChains, probeReplies } from '../../src/cli/doctor/probe-firewall.js';
import { probeInside, vipToTry } from '../../src/cli/doctor/probe-inside.js';
import { closedPort } from '../support/own-port.js';

const vantage = { container: 'web', network: 'shop_default', bridge: 'br-0123456789ab', pid: 1 };
/** This process's own network namespace stands for the container's. */
const here = () => [];

describe('the check from inside', () => {
  it('sends a real query and opens a real connection', async () => {
    const dns = createSocket('udp4');
    dns.on('message', (query, { port, address }) => dns.send(query, port, address));
    await new Promise<void>((resolve) => dns.bind(0, '127.0.0.1', resolve));
    const vip = createServer((socket) => socket.destroy());
    await new Promise<void>((resolve) => vip.listen(0, '127.0.0.1', resolve));
    const listener = { ip: '127.0.0.1', port: dns.address().port };
    const carried = { ip: '127.0.0.1', port: (vip.address() as { port: number }).port };
    expect(await probeInside(vantage, { listeners: [listener], vip: carried }, here)).toEqual({
      ...{ container: 'web', network: 'shop_default', bridge: 'br-0123456789ab' },
      dns: [{ address: `127.0.0.1:${listener.port}`, result: 'ok' }],
      vip: { address: `127.0.0.1:${carried.port}`, result: 'ok' },
    });
    // Nothing listens there any more: the answer is the kernel's.
    await new Promise<void>((resolve) => dns.close(resolve));
    await new Promise((resolve) => vip.close(resolve));
    expect(await probeInside(vantage, { listeners: [listener], vip: carried }, here)).toMatchObject({
      dns: [{ result: 'ECONNREFUSED' }],
      vip: { result: 'ECONNREFUSED' },
    });
  });

  it('waits no longer than necessary for a silent listener', async () => {
    const silent = createSocket('udp4');
    await new Promise<void>((resolve) => silent.bind(0, '127.0.0.1', resolve));
    const listeners = [{ ip: '127.0.0.1', port: silent.address().port }];
    expect(await probeInside(vantage, { listeners }, here)).toMatchObject({ dns: [{ result: 'no answer' }] });
    silent.close();
  });

  it.each([
    [
      'the command does not exist',
      () => ['/nonexistent/nsenter'],
      'the command /nonexistent/nsenter is not installed',
    ],
    [
      'it is not allowed',
      () => ['sh', '-c', 'echo nsenter: Operation not permitted >&2; exit 1'],
      'nsenter: Operation not permitted',
    ],
    ['it says something else', () => ['echo'], 'it answered nothing'],
  ])('says why it is not possible: %s', async (_, enter, fault) => {
    expect(
      await probeInside(vantage, { listeners: [], vip: { ip: '127.0.0.1', port: 1 } }, enter),
    ).toMatchObject({ fault });
  });

  it.each([
    [['10.43.0.1:80', '10.43.0.2:81'], { ip: '10.43.0.1', port: 80 }],
    [['nonsense'], undefined],
    [[], undefined],
  ])('of the virtual IPs %j it tries %j', (carried, vip) => expect(vipToTry(carried)).toEqual(vip));
});

it('a reply of a container arrives, be it a refusal', async () => {
  const server = createServer((socket) => socket.destroy());
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as { port: number };
  expect([await probeReplies('127.0.0.1', port), await probeReplies('127.0.0.1', closedPort)]).toEqual([
    'ok',
    'ok',
  ]);
  await new Promise((resolve) => server.close(resolve));
  const vantageWithAddress = { ...vantage, ip: '127.0.0.1' };
  expect(await probeInside(vantageWithAddress, { listeners: [] }, here)).toMatchObject({ replies: 'ok' });
});

const facts = (inside: readonly InsideFacts[], more: Partial<HostFacts> = {}): HostFacts =>
  ({
    inside,
    docker: { state: 'up', firewall: 'iptables' },
    listeners: [{ ip: '169.254.169.250', port: 53, answers: true }],
    vips: { state: 'wanted', pool: '10.43.0.0/16' },
    ...more,
  }) as unknown as HostFacts;

const seen = (bridge: string, dns: string, vip?: string): InsideFacts => ({
  container: `on-${bridge}`,
  network: bridge === 'docker0' ? 'bridge' : 'shop_default',
  bridge,
  dns: [{ address: '169.254.169.250:53', result: dns }],
  ...(vip !== undefined && { vip: { address: '10.43.0.1:80', result: vip } }),
});

describe('its conclusion', () => {
  it('is good if everything is reached; a refused connection came through, too', () => {
    const found = checkInside(
      facts([seen('docker0', 'ok', 'ok'), seen('br-0123456789ab', 'ok', 'ECONNREFUSED')]),
    );
    expect(found).toMatchObject([
      { verdict: 'OK', message: 'containers reach DNS and virtual IPs from bridge, shop_default' },
    ]);
  });

  it('names the container, the network and the exact commands if a firewall drops packets from containers', () => {
    const [dns, vips, ...more] = checkInside(
      facts([seen('docker0', 'no answer', 'no answer'), seen('br-0123456789ab', 'no answer', 'no answer')]),
    );
    expect(more).toEqual([]);
    expect(dns).toMatchObject({
      verdict: 'FAIL',
      message:
        'containers do not reach DNS: 169.254.169.250:53 answers here, but not from on-docker0 on bridge (docker0), on-br-0123456789ab on shop_default (br-0123456789ab) (no answer); a firewall drops it',
      remedy: 'run these commands, and make the rules persistent:',
      commands: [
        'iptables -I INPUT -i docker0 -d 169.254.169.250 -p udp --dport 53 -j ACCEPT',
        'iptables -I INPUT -i docker0 -d 169.254.169.250 -p tcp --dport 53 -j ACCEPT',
        'iptables -I INPUT -i br-+ -d 169.254.169.250 -p udp --dport 53 -j ACCEPT',
        'iptables -I INPUT -i br-+ -d 169.254.169.250 -p tcp --dport 53 -j ACCEPT',
      ],
    });
    expect(vips).toMatchObject({
      verdict: 'FAIL',
      message: expect.stringContaining(
        'containers do not reach virtual IPs: 10.43.0.1:80 answers here',
      ) as string,
      commands: [
        'iptables -I INPUT -i docker0 -d 10.43.0.0/16 -j ACCEPT',
        'iptables -I INPUT -i br-+ -d 10.43.0.0/16 -j ACCEPT',
      ],
    });
  });

  it('names a bridge as it is if the operator chose its name', () => {
    const [found] = checkInside(facts([seen('br-lan', 'no answer')]));
    expect(found?.commands?.[0]).toMatch(/ -i br-lan /);
  });

  it('includes the host itself: its loopback, and the replies of containers', () => {
    const unheard = { ...seen('docker0', 'no answer'), replies: 'no answer' };
    const silent = [{ ip: '169.254.169.250', port: 53, answers: false }] as unknown as HostFacts['listeners'];
    const found = checkInside(facts([unheard], { firewall: { loopback: false }, listeners: silent }));
    expect(found.map(({ verdict, message, commands }) => [verdict, message.split(',')[0], commands])).toEqual(
      [
        [
          'FAIL',
          'a firewall drops packets of this host to itself',
          ['iptables -I INPUT -i lo -j ACCEPT', 'ip6tables -I INPUT -i lo -j ACCEPT'],
        ],
        [
          'FAIL',
          'containers do not reach DNS: 169.254.169.250:53 does not answer from on-docker0 on bridge (docker0) (no answer); a firewall drops it',
          expect.any(Array),
        ],
        [
          'FAIL',
          'a firewall drops the replies of containers to this host (on-docker0 on bridge (docker0))',
          ['iptables -I INPUT -m conntrack --ctstate ESTABLISHED,RELATED -j ACCEPT'],
        ],
      ],
    );
    // A container with a firewall of its own is not this host's fault.
    const heard = { ...seen('br-0123456789ab', 'ok'), replies: 'ok' };
    const [good, ...more] = checkInside(facts([{ ...unheard, dns: heard.dns ?? [] }, heard]));
    expect([good?.verdict, more]).toEqual(['OK', []]);
  });

  it('does not blame a firewall if an internal network has no route', () => {
    expect(checkInside(facts([seen('br-0123456789ab', 'ENETUNREACH', 'ENETUNREACH')]))).toMatchObject([
      { verdict: 'WARN', message: expect.stringContaining('because the network is internal') as string },
    ]);
  });

  it('says that it could not check, and does not blame a firewall if the host itself gets no answer', () => {
    expect(checkInside(facts([{ ...vantage, fault: 'nsenter: Operation not permitted' }]))).toMatchObject([
      { verdict: 'WARN', message: expect.stringContaining('Operation not permitted') as string },
    ]);
    expect(checkInside(facts([seen('docker0', 'no answer')], { listeners: [] }))).toMatchObject([
      { verdict: 'OK' },
    ]);
    expect(checkInside(facts([]))).toEqual([]);
  });
});

describe('the commands that open a firewall', () => {
  const openings = [
    ...dnsOpenings('br-*', '169.254.169.250'),
    vipOpening('br-*', 'fd00:43::/112'),
    { family: 4, replies: true } as const,
  ];
  const dns = (protocol: string) => `iifname "br-*" ip daddr 169.254.169.250 ${protocol} dport 53 accept`;
  const six = 'iifname "br-*" ip6 daddr fd00:43::/112 accept';
  const replies = 'ct state established,related accept';

  it('are in the syntax of Docker’s backend if the chains are not known', () => {
    expect(commandsFor(openings, undefined, 'iptables')).toEqual([
      'iptables -I INPUT -i br-+ -d 169.254.169.250 -p udp --dport 53 -j ACCEPT',
      'iptables -I INPUT -i br-+ -d 169.254.169.250 -p tcp --dport 53 -j ACCEPT',
      'iptables -I INPUT -m conntrack --ctstate ESTABLISHED,RELATED -j ACCEPT',
      'ip6tables -I INPUT -i br-+ -d fd00:43::/112 -j ACCEPT',
    ]);
    expect(commandsFor(openings, [], 'nftables')).toEqual(
      [dns('udp'), dns('tcp'), six, replies].map((rule) => `nft 'insert rule inet filter input ${rule}'`),
    );
  });

  it('are for each chain that may drop the packets', () => {
    const chains = [
      { family: 'ip', table: 'filter', name: 'INPUT' },
      { family: 'inet', table: 'host', name: 'in' },
      { family: 'ip6', table: 'six', name: 'in' },
    ] as const;
    expect(commandsFor(openings, chains, 'iptables')).toEqual([
      'iptables -I INPUT -i br-+ -d 169.254.169.250 -p udp --dport 53 -j ACCEPT',
      'iptables -I INPUT -i br-+ -d 169.254.169.250 -p tcp --dport 53 -j ACCEPT',
      'iptables -I INPUT -m conntrack --ctstate ESTABLISHED,RELATED -j ACCEPT',
      ...[dns('udp'), dns('tcp'), six, replies].map((rule) => `nft 'insert rule inet host in ${rule}'`),
      `nft 'insert rule ip6 six in ${six}'`,
    ]);
  });

  it('are firewalld’s own where it has the table', () => {
    const chains = [{ family: 'inet', table: 'firewalld', name: 'filter_INPUT' }] as const;
    expect(commandsFor(openings, chains, 'iptables')).toEqual([
      'firewall-cmd --permanent --zone=docker --set-target=ACCEPT',
      'firewall-cmd --reload',
    ]);
  });

  it('are for chains as nft lists them: with a policy or rules, and not Fairlead’s own', () => {
    const chain = (family: string, table: string, more: object = {}) => ({
      chain: { family, table, name: 'INPUT', handle: 1, type: 'filter', hook: 'input', prio: 0, ...more },
    });
    const listed = [
      { metainfo: { version: '1.0.6' } },
      { table: { family: 'ip', name: 'filter' } },
      chain('ip', 'filter', { policy: 'drop' }),
      chain('ip6', 'filter', { policy: 'accept' }),
      chain('inet', 'host', { policy: 'accept' }),
      { rule: { family: 'inet', table: 'host', chain: 'INPUT', expr: [{ drop: null }] } },
      chain('inet', 'out', { hook: 'output', policy: 'drop' }),
      chain('ip', 'fairlead_vip', { policy: 'drop' }),
      chain('netdev', 'x', { policy: 'drop' }),
      chain('ip', "x'; reboot", { policy: 'drop' }),
      { chain: { family: 'ip', table: 'filter', name: 'DOCKER', handle: 2 } },
    ];
    expect(inputChains(JSON.stringify({ nftables: listed }))).toEqual([
      { family: 'ip', table: 'filter', name: 'INPUT' },
      { family: 'inet', table: 'host', name: 'INPUT' },
    ]);
    expect([inputChains('{}'), inputChains('x')]).toEqual([[], []]);
  });
});
