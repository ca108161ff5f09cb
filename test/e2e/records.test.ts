import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { askAll } from './support/ask.js';
import { dig } from './support/dig.js';
import { createHost, untilKnown, type Host } from './support/host.js';
import { composeLabels } from './support/labels.js';
import { describeOnHost } from './support/requirements.js';

describeOnHost('records, and who is given which address', () => {
  let host: Host;

  beforeAll(async () => {
    host = await createHost({
      shared: true,
      upstream: { 'www.example.org': { A: ['198.51.100.7'] }, 'v4.example.org': { A: ['198.51.100.8'] } },
    });
    await host.fairlead.start();
  });

  afterAll(async () => {
    await host.close();
  });

  describe('across networks', () => {
    beforeAll(async () => {
      const { docker } = host;
      await docker.cli('network', 'create', 'here');
      await docker.cli('network', 'create', 'there');
      const on = (network: string, service: string, more: Readonly<Record<string, string>> = {}) => ({
        network,
        labels: { ...composeLabels('isles', service), ...more },
      });
      await docker.start('isles-client-1', on('here', 'client'));
      await docker.start('isles-hidden-1', on('there', 'hidden'));
      await docker.start('isles-exposed-1', on('there', 'exposed', { 'fairlead.expose': 'true' }));
      await docker.start('isles-published-1', {
        ...on('there', 'published'),
        flags: ['--publish=8081:8081', '--publish=18082:8082'],
        command: ['/bin/busybox', 'httpd', '-f', '-p', '8081', '-h', '/etc'],
      });
      await docker.start('isles-both-1', on('here', 'both'));
      await docker.cli('network', 'connect', 'there', 'isles-both-1');
      await untilKnown(
        host,
        'isles-client-1',
        'isles-hidden-1',
        'isles-exposed-1',
        'isles-published-1',
        'isles-both-1',
      );
    });

    afterAll(() => host.docker.clear());

    test('a task without a shared network has no address, but its name exists', async () => {
      const client = await host.docker.inside('isles-client-1');
      for (const name of [
        'hidden',
        'hidden.isles',
        'hidden.isles.rancher.internal',
        'isles_hidden_1',
        'isles-hidden-1',
      ]) {
        expect([name, await dig(client, name)]).toMatchObject([name, { status: 'NOERROR', answers: [] }]);
      }
    });

    test('fairlead.expose makes it visible all the same', async () => {
      const client = await host.docker.inside('isles-client-1');
      const there = await host.docker.address('isles-exposed-1', 'there');
      expect((await dig(client, 'exposed.isles')).answers).toEqual([there]);
    });

    test('a published port is reached at the host, and works', async () => {
      const client = await host.docker.inside('isles-client-1');
      const gateway = await host.docker.cli(
        'network',
        'inspect',
        '--format={{(index .IPAM.Config 0).Gateway}}',
        'here',
      );
      expect((await dig(client, 'published.isles')).answers).toEqual([gateway]);
      const srv = await dig(client, '_8082._tcp.published.isles.rancher.internal', 'SRV');
      expect(srv.answers.map((answer) => answer.split(' ')[2])).toEqual(['18082']);
      const got = await host.docker.exec(
        'isles-client-1',
        '/bin/wget',
        '-q',
        '-O',
        '-',
        'http://published:8081/passwd',
      );
      expect(got.stdout).toContain('root');
    });

    test('a task on several networks is seen at the shared one', async () => {
      const look = async (from: string) => (await dig(await host.docker.inside(from), 'both.isles')).answers;
      expect(await look('isles-client-1')).toEqual([await host.docker.address('isles-both-1', 'here')]);
      expect(await look('isles-hidden-1')).toEqual([await host.docker.address('isles-both-1', 'there')]);
    });
  });

  describe('for the host, with our own packets', () => {
    const NAME = 'web.bookshop.rancher.internal';
    let addresses: string[];

    beforeAll(async () => {
      const { docker } = host;
      for (const number of [1, 2]) {
        const labels = { ...composeLabels('bookshop', 'web', number), 'fairlead.ports': 'http=8080/tcp' };
        await docker.start(`bookshop-web-${number}`, { labels });
      }
      await untilKnown(host, 'bookshop-web-1', 'bookshop-web-2');
      addresses = [await docker.address('bookshop-web-1'), await docker.address('bookshop-web-2')].sort();
    });

    afterAll(() => host.docker.clear());

    test.each([{ tcp: false }, { tcp: true }])('A, AAAA and absent names (tcp: $tcp)', async (options) => {
      const a = await dig(host.netns, NAME, 'A', options);
      expect(a).toMatchObject({ status: 'NOERROR', answers: addresses });
      expect(a.flags).toEqual(expect.arrayContaining(['qr', 'aa', 'rd', 'ra']));
      const aaaa = await dig(host.netns, NAME, 'AAAA', options);
      expect(aaaa).toMatchObject({ status: 'NOERROR', answers: [], authority: ['SOA'] });
      const absent = await dig(host.netns, 'absent.bookshop.rancher.internal', 'A', options);
      expect(absent).toMatchObject({ status: 'NXDOMAIN', answers: [], authority: ['SOA'] });
    });

    test('bare names do not exist for strangers', async () => {
      expect((await dig(host.netns, 'web')).answers).toEqual([]);
      expect((await dig(host.netns, 'web.bookshop')).answers).toEqual([]);
    });

    test('the first answer rotates', async () => {
      const first = async (): Promise<string> =>
        (await host.netns.run('dig', ['@169.254.169.250', '+short', NAME])).stdout.split('\n')[0] ?? '';
      const seen = new Set<string>();
      for (let i = 0; i < 40 && seen.size < 2; i++) seen.add(await first());
      expect([...seen].sort()).toEqual(addresses);
    });

    test('SRV leads to the port, PTR back to a name of ours', async () => {
      const srv = await dig(host.netns, `_http._tcp.${NAME}`, 'SRV');
      expect(srv.answers.map((answer) => answer.split(' ')[2])).toEqual(['8080', '8080']);
      expect([...srv.additional].sort()).toEqual(addresses);
      for (const answer of srv.answers) {
        const target = answer.split(' ')[3] ?? '';
        expect(addresses).toEqual(expect.arrayContaining([...(await dig(host.netns, target)).answers]));
      }
      const reverse = await host.netns.run('dig', ['@169.254.169.250', '+short', '-x', addresses[0] ?? '']);
      const name = reverse.stdout.trim();
      expect(name).toMatch(/^bookshop-web-[12]\.rancher\.internal\.$/);
      expect((await dig(host.netns, name)).answers).toEqual([addresses[0]]);
    });

    test('tasks. returns the tasks', async () => {
      expect((await dig(host.netns, `tasks.${NAME}`)).answers).toEqual(addresses);
    });

    test('other names are forwarded, our own never are', async () => {
      const { queries } = host.upstream;
      expect(await dig(host.netns, 'www.example.org')).toMatchObject({
        status: 'NOERROR',
        answers: ['198.51.100.7'],
      });
      const overTcp = await dig(host.netns, 'v4.example.org', 'A', { tcp: true });
      expect(overTcp.answers).toEqual(['198.51.100.8']);
      expect(await dig(host.netns, 'absent.example.org')).toMatchObject({ status: 'NXDOMAIN' });
      await expectForwardedInContainer();
      expect(queries).toContain('www.example.org A');
      const ours = queries.filter((query) => /rancher\.internal |^(?!.*\.).* /.test(query));
      expect(ours).toEqual([]);
    });
  });

  async function expectForwardedInContainer(): Promise<void> {
    const answers = await askAll(host.docker, 'bookshop-web-1', ['www.example.org']);
    const { glibc, musl, nslookup } = answers.get('www.example.org') ?? {};
    expect({ glibc, musl, nslookup }).toEqual({
      glibc: ['198.51.100.7'],
      musl: ['198.51.100.7'],
      nslookup: ['198.51.100.7'],
    });
  }
});
