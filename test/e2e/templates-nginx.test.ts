import { readdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startLoad } from './support/load.js';
import { until, untilEqual } from './support/poll.js';
import { describeOnHost, enginePrograms } from './support/requirements.js';
import { createTemplateHost, examplesOf, type TemplateHost } from './support/template-host.js';

const UPSTREAM = 'nginx-upstream.ctmpl';
const FILE = '/etc/nginx/conf.d/upstream.conf';

const FILES = [FILE, '/etc/nginx/stream.d/upstreams.conf'];

const CONFIGURATION = `
include /etc/nginx/modules-enabled/*.conf;
pid /run/nginx.pid;
worker_processes 2;
events {}
http {
  access_log off;
  include /etc/nginx/conf.d/*.conf;
  server {
    listen 127.0.0.1:8080;
    location / { proxy_pass http://web; }
  }
}
stream {
  include /etc/nginx/stream.d/*.conf;
  server { listen 127.0.0.1:8081; proxy_pass web; }
}
`;

describeOnHost(
  'nginx with upstreams from templates',
  () => {
    let place: TemplateHost;
    const log = (): string =>
      `nginx says:\n${place.read('/var/log/nginx/error.log')}\n${place.fairlead.log()}`;
    /** What nginx itself has complained of, in contrast to `nginx -t`. */
    const complaints = (): string[] => {
      const master = place.read('/run/nginx.pid').trim();
      const lines = place.read('/var/log/nginx/error.log').split('\n');
      return lines.filter((line) => line.includes(` ${master}#`));
    };
    const get = async (port: number): Promise<string> =>
      (await place.root.run('/usr/bin/busybox', ['wget', '-qO-', `http://127.0.0.1:${port}/`])).stdout;

    beforeAll(async () => {
      place = await createTemplateHost(UPSTREAM, 'nginx-stream.ctmpl');
      for (const path of ['/var/log/nginx/.keep', '/var/lib/nginx/.keep']) place.write(path, '');
      place.write('/etc/nginx/nginx.conf', CONFIGURATION);
      await place.fairlead.start();
      // nginx needs the upstreams to start, so they are written although there is nothing to reload yet.
      await Promise.all([place.startTask(1), place.startTask(2)]);
      for (const file of FILES) {
        await place.untilListed(file, [1, 2]);
        await place.untilState(file, 'rendered');
      }
      place.spawn('nginx', ['-g', 'daemon off;'], { stdio: ['ignore', 'ignore', 'inherit'] });
      // `nginx -t` leaves an empty file.
      const look = (): Promise<string> => Promise.resolve(place.read('/run/nginx.pid'));
      await until('nginx runs', look, (pid) => pid !== '', { within: 60_000, context: log });
    });

    afterAll(() => place.close());

    test('the examples are those of config/', () => {
      expect(examplesOf(UPSTREAM)[0]).toMatchObject({ destination: FILE, minInstances: 1 });
    });

    test('no request fails while all tasks are replaced', async () => {
      const end = startLoad(place.host.netns, 'http://127.0.0.1:8080/');
      await place.replaceTasks(FILE);
      const load = await end();
      console.log(
        `nginx: ${load.requests} requests, ${load.failures.length} failed: ${JSON.stringify(load.byAnswer)}`,
      );
      expect(load.failures, log()).toEqual([]);
      expect(Object.keys(load.byAnswer).sort()).toEqual(
        [1, 2, 3, 4].map((number) => `web shop-web-${number}`),
      );
      expect(await get(8081)).toMatch(/^web shop-web-[34]$/);
      expect(await place.untilState(FILE, 'rendered')).toMatchObject({ command: { ok: true } });
    });

    test.each([
      ['by itself', (text: string) => text.replace('server ', 'sever '), 'unknown directive "sever"'],
      [
        'in the whole configuration',
        (text: string) => text.replace('web', 'other'),
        'host not found in upstream "web"',
      ],
    ])('a template that is wrong %s never reaches it', async (_where, spoil, says) => {
      const [good, file] = [place.template(UPSTREAM), place.read(FILE)];
      const end = startLoad(place.host.netns, 'http://127.0.0.1:8080/');
      await place.changeTemplate(UPSTREAM, spoil(good));
      expect((await place.untilState(FILE, 'failed')).error).toContain(says);
      const { code, stdout, stderr } = await place.fairlead.cli('templates');
      expect(code).toBe(1);
      expect(stdout).toMatch(new RegExp(`${FILE} +failed`));
      expect(stderr).toContain(says);
      // Between two attempts, of which each puts its own file away again.
      const look = (): Promise<unknown> =>
        Promise.resolve([readdirSync(dirname(place.root.host(FILE))), place.read(FILE)]);
      await untilEqual('what is in place', look, [['upstream.conf'], file], { within: 60_000, context: log });
      const load = await end();
      expect(load.failures, log()).toEqual([]);
      expect(complaints()).toEqual([]);
      await place.changeTemplate(UPSTREAM, good);
      await place.untilState(FILE, 'rendered');
      expect(place.read(FILE)).toBe(file);
    });
  },
  [...enginePrograms, 'nginx', 'unshare'],
);
