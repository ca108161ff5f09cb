import { createSocket } from 'node:dgram';
import { createServer } from 'node:net';
import { expect, describe, it } from 'vitest';
import { checkInside, rulesFor } from '../../src/cli/doctor/check-inside.js';
import type { HostFacts, InsideFacts } from '../../src/cli/doctor/host-facts.js';
import { probeInside, vipToTry } from '../../src/cli/doctor/probe-inside.js';

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

const facts = (inside: readonly InsideFacts[], firewall = 'iptables'): HostFacts =>
  ({
    inside,
    docker: { state: 'up', firewall },
    listeners: [{ ip: '169.254.169.250', port: 53, answers: true }],
    vips: { state: 'wanted', pool: '10.43.0.0/16' },
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

  it('names the container, the network and the exact rules if a firewall drops packets from containers', () => {
    const [dns, vips, ...more] = checkInside(
      facts([seen('docker0', 'no answer', 'no answer'), seen('br-0123456789ab', 'no answer', 'ok')]),
    );
    expect(more).toEqual([]);
    expect(dns).toMatchObject({
      verdict: 'FAIL',
      message:
        'containers do not reach DNS: 169.254.169.250:53 answers here, but not from on-docker0 on bridge (docker0), on-br-0123456789ab on shop_default (br-0123456789ab) (no answer); a firewall drops it',
    });
    expect(dns?.remedy?.split(': ')[1]?.split('; ')).toEqual([
      'iptables -I INPUT -i docker0 -d 169.254.169.250 -p udp --dport 53 -j ACCEPT',
      'iptables -I INPUT -i docker0 -d 169.254.169.250 -p tcp --dport 53 -j ACCEPT',
      'iptables -I INPUT -i docker0 -d 10.43.0.0/16 -j ACCEPT',
      'iptables -I INPUT -i br-+ -d 169.254.169.250 -p udp --dport 53 -j ACCEPT',
      'iptables -I INPUT -i br-+ -d 169.254.169.250 -p tcp --dport 53 -j ACCEPT',
      'iptables -I INPUT -i br-+ -d 10.43.0.0/16 -j ACCEPT',
    ]);
    expect(vips).toMatchObject({
      verdict: 'FAIL',
      message: expect.stringContaining(
        'containers do not reach virtual IPs: 10.43.0.1:80 answers here',
      ) as string,
    });
  });

  it('does not blame a firewall if an internal network has no route', () => {
    expect(checkInside(facts([seen('br-0123456789ab', 'ENETUNREACH', 'ENETUNREACH')]))).toMatchObject([
      { verdict: 'WARN', message: expect.stringContaining('because the network is internal') as string },
    ]);
  });

  it('contains the rules for the host’s own firewall, for both families', () => {
    const rules = (firewall: string) =>
      rulesFor({ firewall, bridges: ['br-*'], listeners: ['fd00::53'], pool: 'fd00:43::/112' });
    expect(rules('nftables')).toEqual([
      'nft insert rule inet filter input iifname "br-*" ip6 daddr fd00::53 udp dport 53 accept',
      'nft insert rule inet filter input iifname "br-*" ip6 daddr fd00::53 tcp dport 53 accept',
      'nft insert rule inet filter input iifname "br-*" ip6 daddr fd00:43::/112 accept',
    ]);
    expect(rules('iptables').at(-1)).toBe('ip6tables -I INPUT -i br-+ -d fd00:43::/112 -j ACCEPT');
  });

  it('says that it could not check, and does not blame a firewall if the host itself gets no answer', () => {
    expect(checkInside(facts([{ ...vantage, fault: 'nsenter: Operation not permitted' }]))).toMatchObject([
      { verdict: 'WARN', message: expect.stringContaining('Operation not permitted') as string },
    ]);
    const silent = { ...facts([seen('docker0', 'no answer')]), listeners: [] };
    expect(checkInside(silent)).toMatchObject([{ verdict: 'OK' }]);
    expect(checkInside({ ...facts([]), inside: [] })).toEqual([]);
  });
});
