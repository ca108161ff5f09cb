import { afterAll, beforeAll, expect, test } from 'vitest';
import { createHost, untilKnown, type Host } from './support/host.js';
import { knock } from './support/knock.js';
import { composeLabels } from './support/labels.js';
import { untilEqual } from './support/poll.js';
import { describeOnHost } from './support/requirements.js';
import { createVipStack } from './support/vips.js';

interface Finding {
  readonly check: string;
  readonly verdict: string;
  readonly message: string;
  readonly commands?: readonly string[];
}

describeOnHost('the doctor, from inside containers', () => {
  let host: Host;
  let vip = '';

  beforeAll(async () => {
    host = await createHost({ images: ['tools', 'node'] });
    await host.fairlead.start();
    const { docker } = host;
    await docker.cli('network', 'create', 'apart');
    await docker.start('shop-client-1', { labels: composeLabels('shop', 'client') });
    await docker.start('alone', { network: 'apart' });
    const shop = createVipStack(host, 'shop');
    await shop.web('web', 1);
    await shop.untilTaken('web', ['shop-web-1']);
    ({ vip } = await shop.vip('web'));
    await untilKnown(host, 'shop-client-1', 'alone');
  });

  afterAll(() => host.close());

  const examine = async (): Promise<{ code: number | null; findings: readonly Finding[] }> => {
    const { code, stdout } = await host.fairlead.cli('doctor', '-o', 'json');
    return { code, findings: (JSON.parse(stdout) as { findings: readonly Finding[] }).findings };
  };
  const inside = async (): Promise<readonly string[]> =>
    (await examine()).findings
      .filter(({ check }) => check === 'inside')
      .map(({ verdict, message }) => `${verdict} ${message}`);
  const content = ['OK containers reach DNS and virtual IPs from apart, bridge'];

  test('a firewall that drops what containers send is found, and the commands that it prints open it', async () => {
    const bridge = (await host.docker.cli('network', 'inspect', '--format', '{{.Id}}', 'apart')).slice(0, 12);
    expect((await inside()).map((text) => text.replace('bridge, apart', 'apart, bridge'))).toEqual(content);
    await host.netns.must('iptables', ['-P', 'INPUT', 'DROP']);
    const { code, findings } = await examine();
    expect(code).toBe(1);
    const found = findings.filter(({ check }) => check === 'inside');
    expect(found.map(({ verdict }) => verdict)).toEqual(['FAIL', 'FAIL', 'FAIL', 'FAIL']);
    const told = found.map(({ message }) => message).join('\n');
    for (const place of ['on bridge (docker0)', `alone on apart (br-${bridge})`])
      expect(told).toContain(place);
    const commands = found.flatMap((each) => each.commands ?? []);
    const dns = (on: string, protocol: string) =>
      `iptables -I INPUT -i ${on} -d 169.254.169.250 -p ${protocol} --dport 53 -j ACCEPT`;
    expect([...commands].sort()).toEqual(
      [
        'iptables -I INPUT -i lo -j ACCEPT',
        'iptables -I INPUT -m conntrack --ctstate ESTABLISHED,RELATED -j ACCEPT',
        ...['docker0', 'br-+'].flatMap((on) => [
          dns(on, 'udp'),
          dns(on, 'tcp'),
          `iptables -I INPUT -i ${on} -d 10.43.0.0/16 -j ACCEPT`,
        ]),
      ].sort(),
    );
    // As text, each is on a line of its own.
    const { stdout } = await host.fairlead.cli('doctor');
    for (const command of commands) expect(stdout.split('\n').map((line) => line.trim())).toContain(command);
    for (const command of commands) await host.netns.must('sh', ['-c', command]);
    const after = async (): Promise<unknown> => {
      const again = await examine();
      return { code: again.code, failed: again.findings.filter(({ verdict }) => verdict === 'FAIL') };
    };
    await untilEqual(
      'the doctor is content',
      after,
      { code: 0, failed: [] },
      { within: 45_000, every: 1000 },
    );
    expect((await inside()).map((text) => text.replace('bridge, apart', 'apart, bridge'))).toEqual(content);
    expect((await knock(await host.docker.inside('shop-client-1'), vip, 80)).said).toBe('answer');
    await host.netns.must('iptables', ['-P', 'INPUT', 'ACCEPT']);
  });

  test('nothing is said about containers on user networks, whose servers an engine before 25 does not tell', async () => {
    const resolvers = async (): Promise<readonly string[]> =>
      (await examine()).findings
        .filter(({ check }) => check === 'resolvers' || check === 'containers')
        .map(({ verdict, message }) => `${verdict} ${message}`);
    const told = 'OK Docker tells containers to ask 169.254.169.250';
    const others = (text: string) => text.replace(/^OK \d of \d /, 'OK ');
    const good = 'OK containers examined: all ask Fairlead';
    await host.fairlead.stop();
    await host.fairlead.start(['--adopt', 'off']);
    await untilEqual('findings', async () => (await resolvers()).map(others), [told, good], host.patience());
    await host.docker.start('elsewhere', { network: 'apart', flags: ['--dns=192.0.2.53'] });
    expect(await resolvers()).toEqual([told, 'WARN running containers do not ask Fairlead: elsewhere']);
    await host.docker.remove('elsewhere');
  });
});
