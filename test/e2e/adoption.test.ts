import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { projects } from './fixtures/projects.js';
import { composeUp } from './support/compose.js';
import { engineVersions, type EngineVersion } from './support/engine-version.js';
import { createHost, HOST_ADDRESS, type Host } from './support/host.js';
import { until, untilEqual } from './support/poll.js';
import { composePrograms, describeOnHost } from './support/requirements.js';
import { askServer, type Answered } from './support/resolvers.js';
import { startUpstream } from './support/upstream.js';

const FAIRLEAD = '169.254.169.250';
const STUB = '127.0.0.11';

/** One container of the projects. */
interface Member {
  readonly name: string;
  readonly id: string;
  readonly project: string;
  /** What its services, aliases, hostname and own name make of it. */
  readonly names: readonly string[];
  readonly links: readonly string[];
  readonly networks: readonly string[];
  readonly addresses: readonly string[];
}

interface Inspected {
  readonly Id: string;
  readonly Name: string;
  readonly Config: { readonly Hostname: string; readonly Labels: Readonly<Record<string, string>> };
  readonly NetworkSettings: {
    readonly Networks: Readonly<
      Record<
        string,
        {
          readonly IPAddress: string;
          readonly Aliases: readonly string[] | null;
          readonly DNSNames?: readonly string[] | null;
          readonly Links: readonly string[] | null;
        }
      >
    >;
  };
}

describeOnHost(
  'containers ask Fairlead instead of Docker’s resolver',
  () => {
    describe.each(engineVersions)('on engine %s', adoption);
  },
  composePrograms,
);

function adoption(version: EngineVersion): void {
  let host: Host;
  let members: readonly Member[] = [];

  beforeAll(async () => {
    // Docker's resolver forwards to a server that is not Fairlead, so that its answers are its own.
    host = await createHost({ version, dns: HOST_ADDRESS });
    await startUpstream(host.netns, HOST_ADDRESS, {});
    await host.docker.cli('network', 'create', 'proxy');
    for (const { name, file, scale } of projects) await composeUp(host, name, file, scale);
    members = await membersOf(host);
  });

  afterAll(() => host.close());

  const resolvConf = async (container: string): Promise<string> =>
    (await host.docker.exec(container, 'cat', '/etc/resolv.conf')).stdout;
  const adopted = async (): Promise<readonly string[]> => {
    const texts = await Promise.all(members.map(({ name }) => resolvConf(name)));
    return members.flatMap(({ name }, at) =>
      (texts[at] ?? '').includes(`nameserver ${FAIRLEAD}`) ? [name] : [],
    );
  };
  const untilAdopted = (count: number): Promise<unknown> =>
    until(`${count} containers are adopted`, adopted, ({ length }) => length === count, host.patience());

  test('one command adopts every running container, one undoes it byte for byte', async () => {
    const before = await Promise.all(members.map(({ name }) => resolvConf(name)));
    await host.fairlead.start(['--adopt', 'all']);
    await untilAdopted(members.length);
    const text = await resolvConf('webshop_web_1');
    expect(text).toContain('search webshop.rancher.internal web.webshop.rancher.internal rancher.internal\n');
    expect(text).toContain('options ndots:2\n');
    const { code, stdout } = await host.fairlead.cli('release');
    expect({ code, stdout }).toMatchObject({ code: 0, stdout: expect.stringContaining('Docker') as string });
    await untilAdopted(0);
    expect(await Promise.all(members.map(({ name }) => resolvConf(name)))).toEqual(before);
  });

  test('a stack is adopted by its name, and stays adopted across a restart of Fairlead', async () => {
    const own = members.filter(({ project }) => project === 'webshop').map(({ name }) => name);
    await host.fairlead.cli('adopt', 'webshop');
    await untilEqual(
      'webshop is adopted',
      async () => [...(await adopted())].sort(),
      own.sort(),
      host.patience(),
    );
    await host.fairlead.stop();
    expect([...(await adopted())].sort()).toEqual(own);
    await host.fairlead.start(['--adopt', 'all']);
    expect([...(await adopted())].sort()).toEqual(own);
    await host.fairlead.cli('adopt', '--all');
    await untilAdopted(members.length);
  });

  test('everything that Docker’s resolver answers is still answered', { timeout: 400_000 }, async () => {
    const names = [...new Set(members.flatMap((each) => [...each.names, ...each.links]))];
    const networks = [...new Set(members.flatMap((each) => each.networks))];
    const questions = [...names, ...names.flatMap((name) => networks.map((network) => `${name}.${network}`))];
    let compared = 0;
    for (const asker of members) {
      const stub = await askServer(host.docker, asker.name, STUB, questions, host.dir);
      const ours = await askServer(host.docker, asker.name, FAIRLEAD, questions, host.dir);
      const expected = [...stub].map(([name, addresses]) => [
        name,
        withoutForeign(members, asker, name, addresses),
      ]);
      const seen = [...stub.keys()].map((name) => [name, ours.get(name) ?? []]);
      expect(seen, `asked by ${asker.name}`).toEqual(expected);
      compared += seen.length;
    }
    expect(compared).toBeGreaterThan(members.length * 10);
  });

  test('search lists lead to the same answers, with glibc and with musl', async () => {
    for (const [asker, name] of [
      ...[
        ['webshop_web_1', 'primary'],
        ['webshop_web_1', 'api'],
        ['blog_wordpress_1', 'memcached'],
      ],
      ...[
        ['errors_cron_1', 'replica'],
        ['mail_imap_1', 'frontdoor'],
        ['forge_blue_1', 'gitlab.example.test'],
      ],
      ...[
        ['forge_gitlab_1', 'app'],
        ['mail_server_1', 'traefik'],
        ['webshop_web_1', 'db.webshop_back'],
      ],
    ] as const) {
      const [stub] = [...(await askServer(host.docker, asker, STUB, [name], host.dir)).values()];
      const glibc = await host.docker.exec(asker, 'getent', 'ahostsv4', name);
      const found = [...new Set([...glibc.stdout.matchAll(/^(\S+)\s+STREAM/gm)].map(([, ip]) => ip))].sort();
      expect({ asker, name, found }).toEqual({ asker, name, found: stub });
      const musl = await host.docker.exec(asker, 'resolve', name);
      for (const ip of stub ?? []) expect(musl.stdout).toContain(ip);
    }
  });

  test('reverse names are answered wherever Docker’s resolver answers them, and lead back', async () => {
    const [asker] = members.filter(({ name }) => name === 'forge_gitlab_1');
    if (!asker) throw new Error('forge_gitlab_1 is missing');
    const reverse = members
      .flatMap(({ addresses }) => addresses)
      .map((ip) => `${ip.split('.').reverse().join('.')}.in-addr.arpa PTR`);
    const stub = await askServer(host.docker, asker.name, STUB, reverse, host.dir);
    const ours = await askServer(host.docker, asker.name, FAIRLEAD, reverse, host.dir);
    expect(stub.size).toBeGreaterThan(3);
    for (const [name] of stub) {
      const [target = ''] = ours.get(name) ?? [];
      const ip = name.split('.').slice(0, 4).reverse().join('.');
      const [back] = [...(await askServer(host.docker, asker.name, FAIRLEAD, [target], host.dir)).values()];
      // A container on several networks has one name, which leads to its address on the first that both are on.
      const owner = members.find(({ addresses }) => addresses.includes(ip));
      expect(owner?.addresses, `${name} is ${target}, which is ${String(back)}`).toContain(back?.[0]);
    }
  });

  test('a service in endpoint mode vip resolves to its virtual IP, by its bare name, even with one task paused', async () => {
    const api = { labels: { 'fairlead.endpoint_mode': 'vip' }, expose: ['80'] };
    await composeUp(host, 'vips', { services: { api, client: {} } }, { api: 2 });
    await host.docker.cli('pause', 'vips_api_2');
    const vip = await until(
      'the service has a virtual IP',
      async () => (await host.fairlead.cli('query', 'vip.api.vips.rancher.internal', '-q')).stdout.trim(),
      (address) => address !== '',
      host.patience(),
    );
    const ask = async (): Promise<readonly string[]> => {
      const { stdout } = await host.docker.exec('vips_client_1', 'getent', 'ahosts', 'api');
      return [...new Set([...stdout.matchAll(/^(\S+)\s+STREAM/gm)].map(([, ip]) => ip ?? ''))];
    };
    await untilEqual('the virtual IP alone', ask, [vip], host.patience());
    await host.docker.cli('unpause', 'vips_api_2');
  });

  test('a closing firewall releases containers, and an opening one adopts them again', async () => {
    const rule = ['INPUT', '-d', FAIRLEAD, '!', '-i', 'lo', '-j', 'DROP'];
    await host.netns.must('iptables', ['-I', ...rule]);
    await until('all are given back', adopted, ({ length }) => length === 0, host.patience());
    const { stdout } = await host.fairlead.cli('adopt');
    expect(stdout).toContain('firewall');
    await host.netns.must('iptables', ['-D', ...rule]);
    await untilAdopted(members.length);
  });
}

async function membersOf(host: Host): Promise<readonly Member[]> {
  const ids = (await host.docker.cli('ps', '--quiet', '--no-trunc')).split('\n');
  const all = JSON.parse(await host.docker.cli('inspect', ...ids)) as Inspected[];
  return all.map(({ Id, Name, Config, NetworkSettings }) => {
    const places = Object.values(NetworkSettings.Networks);
    const own = places.flatMap(({ Aliases, DNSNames }) => [...(Aliases ?? []), ...(DNSNames ?? [])]);
    const name = Name.slice(1);
    const names = [name, Id.slice(0, 12), Config.Hostname, ...own].map((each) => each.toLowerCase());
    return {
      ...{ name, id: Id, names: [...new Set(names)] },
      project: Config.Labels['com.docker.compose.project'] ?? '',
      links: places.flatMap(({ Links }) => (Links ?? []).map((link) => link.split(':')[1] ?? '')),
      networks: Object.keys(NetworkSettings.Networks),
      addresses: places.map(({ IPAddress }) => IPAddress),
    };
  });
}

/** What Fairlead leaves out: tasks of other projects that share a name with one of the asker's own on a shared network. */
function withoutForeign(
  members: readonly Member[],
  asker: Member,
  question: string,
  addresses: Answered extends ReadonlyMap<string, infer Set> ? Set : never,
): readonly string[] {
  // `<name>.<network>` asks for everything on that network.
  const isOwn = (each: Member): boolean => each.project === asker.project && each.names.includes(question);
  if (!members.some(isOwn)) return addresses;
  return addresses.filter((ip) =>
    members.some((each) => each.project === asker.project && each.addresses.includes(ip)),
  );
}
