import type { ChildProcess } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Docker } from './support/docker.js';
import { createFairlead, type Fairlead } from './support/fairlead.js';
import { createHost, HOST_ADDRESS, UPSTREAM_ADDRESS, type Host } from './support/host.js';
import { composeLabels } from './support/labels.js';
import { until } from './support/poll.js';
import { describeOnHost, enginePrograms } from './support/requirements.js';

const main = fileURLToPath(new URL('../../dist/main.js', import.meta.url));

/** Consul registers itself, which a host without it does not. */
const TEMPLATE = `
{{- define "instance" }}{{ .ID }} {{ .Name }} {{ .Node }} {{ .NodeAddress }} {{ .Address }}:{{ .Port }} {{ .Status -}}
{{ " " }}[{{ .Tags | join "," }}] {{ .ServiceMeta.color }} {{ .Weights.Passing }}/{{ .Weights.Warning }}
{{ end -}}
services:
{{ range services }}{{ if ne .Name "consul" }}{{ .Name }} [{{ .Tags | join "," }}]
{{ range service .Name }}  {{ template "instance" . }}{{ end -}}
{{ range service (printf "%s|any" .Name) }}  any {{ template "instance" . }}{{ end -}}
{{ end }}{{ end -}}
by tag: {{ range service "blue.web" }}{{ .ID }} {{ end }}{{ range $tag, $of := service "web" | byTag }}{{ $tag }}={{ len $of }} {{ end }}
not there: {{ len (service "nothing") }}
nodes: {{ range nodes }}{{ .Node }} {{ .Address }} {{ .Datacenter }};{{ end }}
{{ with node }}{{ .Node.Node }} {{ .Node.Address }}
{{ range .Services }}{{ if ne .Service "consul" }}  {{ .Service }} {{ .ID }} {{ .Address }}:{{ .Port }} [{{ .Tags | join "," }}] {{ .Meta.color }}
{{ end }}{{ end }}{{ end -}}
datacenters: {{ datacenters | join "," }}
`;

/** What docs/templates.md begins with: a template, the commands with Consul, and how it is rendered without. */
function walkThrough(): { template: string; commands: string[]; plainCommand: string } {
  const page = readFileSync(new URL('../../docs/templates.md', import.meta.url), 'utf8');
  const block = (language: string, at: number): string =>
    [...page.matchAll(new RegExp(`\`\`\`${language}\\n(.*?)\\n\`\`\``, 'gs'))][at]?.[1] ?? '';
  return {
    template: block('gotemplate', 0),
    commands: block('sh', 0).split('\n'),
    plainCommand: block('sh', 1),
  };
}

/** An image that is named and exposes its port as httpd's does. */
async function makeHttpd(docker: Docker): Promise<void> {
  const command = "trap 'exit 0' TERM; while :; do sleep 3600 & wait $!; done";
  const changes = ['EXPOSE 80', `CMD ${JSON.stringify(['/bin/sh', '-c', command])}`];
  await docker.cli('create', '--name=of-httpd', 'tools', 'true');
  await docker.cli('commit', ...changes.map((change) => `--change=${change}`), 'of-httpd', 'httpd');
  await docker.remove('of-httpd');
}

describeOnHost(
  'a template renders the same bytes from Consul and without it',
  () => {
    let host: Host;
    let fairlead: Fairlead | undefined;
    let consul: ChildProcess | undefined;
    let dir: string;

    beforeAll(async () => {
      host = await createHost({ shared: true, images: ['tools', 'node'] });
      dir = join(host.dir, 'same');
      mkdirSync(dir);
      const agent = ['agent', '-server', '-bootstrap', `-bind=${HOST_ADDRESS}`, '-node=alpha'];
      const ports = 'ports { serf_wan = -1 dns = -1 grpc = -1 }';
      const quick = 'performance { raft_multiplier = 1 }';
      const rest = [`-data-dir=${join(dir, 'consul')}`, '-log-level=err', '-hcl', ports, '-hcl', quick];
      consul = host.netns.spawn('consul', [...agent, ...rest], { stdio: 'ignore' });
    });

    afterAll(async () => {
      await fairlead?.stop();
      if (consul?.exitCode === null) {
        const ended = new Promise((resolve) => consul?.once('exit', resolve));
        consul.kill('SIGKILL');
        await ended;
      }
      await host.close();
    });

    /** Containers with each of the names, tags and ports that registrator's rules know. */
    async function startContainers(): Promise<void> {
      const start = (name: string, image: 'tools' | 'node', ports: readonly string[], labels: object) =>
        host.docker.start(name, {
          image,
          labels: { ...composeLabels('shop', name), ...(labels as Record<string, string>) },
          flags: ports.map((each) => `--publish=${each}`),
        });
      await Promise.all([
        start('w1', 'node', ['8001:80'], {
          ...{
            SERVICE_NAME: 'web',
            SERVICE_TAGS: 'blue,a\\,1',
            SERVICE_COLOR: 'red',
            'fairlead.weight': '5',
          },
        }),
        start('w2', 'node', ['8002:80'], { SERVICE_NAME: 'web', SERVICE_TAGS: 'green' }),
        // Two ports: the number behind the name, and a name of its own for one of them.
        start('many', 'tools', ['8003:80', '8004:443'], { SERVICE_443_TAGS: 'tls', SERVICE_COLOR: 'blue' }),
        start('dns', 'tools', ['8053:53', '8053:53/udp'], { SERVICE_53_NAME: 'names', SERVICE_53_TAGS: 'x' }),
        start('own', 'node', ['8005:80'], { SERVICE_ID: 'an-id-of-its-own', SERVICE_80_COLOR: 'green' }),
        start('left-out', 'node', ['8006:80'], { SERVICE_IGNORE: '1' }),
        start('inside', 'node', ['127.0.0.1:8007:80'], {}),
        host.docker.start('sick', {
          image: 'tools',
          labels: { SERVICE_NAME: 'sick' },
          flags: ['--publish=8008:80', '--health-cmd=false', '--health-interval=1s', '--health-retries=1'],
        }),
        host.docker.start('on-host', {
          image: 'node',
          network: 'host',
          labels: { SERVICE_NAME: 'on-host', 'fairlead.ports': '8009' },
        }),
      ]);
    }

    async function fromConsul(): Promise<string> {
      const [source, file] = [join(dir, 'same.ctmpl'), join(dir, 'consul.out')];
      const args = ['render', '-consul-addr', '127.0.0.1:8500', '-once', '-template', `${source}:${file}`];
      await host.netns.must(process.execPath, [main, ...args]);
      return readFileSync(file, 'utf8');
    }

    const output = (): string => join(dir, 'daemon.out');

    /** Another daemon than before, with what it publishes and renders. */
    async function startDaemon(addresses: string, ...templates: readonly object[]): Promise<Fairlead> {
      await fairlead?.stop();
      fairlead = createFairlead(host.netns, dir, {
        hostAddress: HOST_ADDRESS,
        upstreams: [`${UPSTREAM_ADDRESS}:53`],
        sources: { docker: { socket: host.engine.socket } },
        sections: {
          host: { address: HOST_ADDRESS, name: 'alpha' },
          publishers: { consul: { ids: 'registrator', internal: addresses === 'container' } },
          render: { addresses, templates },
        },
      });
      await fairlead.start();
      return fairlead;
    }

    test("the page's own walk-through, command for command, with Consul and without", async () => {
      const { template, commands, plainCommand } = walkThrough();
      writeFileSync(join(dir, 'consul.ctmpl'), template);
      const fairleadCommand = join(dir, 'bin', 'fairlead');
      mkdirSync(dirname(fairleadCommand));
      writeFileSync(fairleadCommand, `#!/bin/sh\nexec '${process.execPath}' '${main}' "$@"\n`, {
        mode: 0o755,
      });
      await makeHttpd(host.docker);
      const daemon = await startDaemon('published');
      const env = {
        ...process.env,
        PATH: `${dirname(fairleadCommand)}:${process.env['PATH'] ?? ''}`,
        DOCKER_HOST: `unix://${host.engine.socket}`,
        FAIRLEAD_ADDR: `unix:${join(dir, 'fairlead.sock')}`,
      };
      const shell = (line: string): Promise<string> =>
        host.netns.must('/bin/sh', ['-ec', line], { cwd: dir, env });
      const result = (): string => readFileSync(join(dir, 'consul.result'), 'utf8');
      /** Someone who types is slower than the way of a container into Consul. */
      const untilKnown = async (count: number): Promise<void> => {
        const url = 'http://127.0.0.1:8500/v1/health/service/httpd?passing';
        const look = async (): Promise<number> =>
          (JSON.parse(await host.netns.must('/usr/bin/busybox', ['wget', '-qO-', url])) as unknown[]).length;
        await until('Consul knows', look, (seen) => seen === count, { within: 60_000, context: daemon.log });
      };
      const results: string[] = [];
      for (const command of commands) {
        await shell(command);
        if (command.startsWith('docker')) await untilKnown(command.startsWith('docker run') ? 1 : 0);
        if (!command.startsWith('cat')) continue;
        const fromConsulItself = result();
        await shell(plainCommand);
        expect(result()).toBe(fromConsulItself);
        results.push(result());
      }
      expect(results).toEqual([expect.stringMatching(/^\nserver 192\.0\.2\.1:\d+$/), '']);
      await host.docker.remove('httpd');
    });

    test.each(['published', 'container'])('%s addresses', async (addresses) => {
      writeFileSync(join(dir, 'same.ctmpl'), TEMPLATE);
      if (addresses === 'published') await startContainers();
      const daemon = await startDaemon(addresses, {
        source: join(dir, 'same.ctmpl'),
        destination: output(),
      });
      const look = async (): Promise<readonly [string, string]> => [
        readFileSync(output(), 'utf8'),
        await fromConsul(),
      ];
      const isKnown = (text: string): boolean =>
        /an-id-of-its-own/.test(text) && /sick .* critical/.test(text);
      const [ours, consuls] = await until(
        'both render the same',
        look,
        ([own, other]) => own === other && isKnown(own),
        { within: 60_000, context: daemon.log },
      );
      expect(ours).toBe(consuls);
      const address = (name: string): Promise<string> => host.docker.address(name);
      const w1 = addresses === 'published' ? `${HOST_ADDRESS}:8001` : `${await address('w1')}:80`;
      expect(ours).toContain(`  alpha:w1:80 web alpha ${HOST_ADDRESS} ${w1} passing [a,1,blue] red 5/1\n`);
      expect(ours).toContain('\ntools-443 [tls]\n  alpha:many:443 tools-443 ');
      expect(ours).toContain('\nnames [udp,x]\n');
      expect(ours).toContain('by tag: alpha:w1:80 a,1=1 blue=1 green=1 \n');
      expect(ours).not.toContain('left-out');
      expect(ours.includes('alpha:inside:80')).toBe(addresses === 'container');
      expect(ours).toContain(`alpha:on-host:8009 on-host alpha ${HOST_ADDRESS} ${HOST_ADDRESS}:8009 passing`);
    });
  },
  [...enginePrograms, 'consul'],
);
