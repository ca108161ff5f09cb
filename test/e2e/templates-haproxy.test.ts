import { existsSync, readdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startLoad } from './support/load.js';
import { until, untilEqual } from './support/poll.js';
import { describeOnHost, enginePrograms } from './support/requirements.js';
import { createTemplateHost, type TemplateHost } from './support/template-host.js';

const TEMPLATE = 'haproxy.ctmpl';
const FILE = '/etc/haproxy/haproxy.cfg';

describeOnHost(
  'HAProxy with a configuration from a template',
  () => {
    let place: TemplateHost;

    beforeAll(async () => {
      place = await createTemplateHost(TEMPLATE);
      place.write('/run/haproxy/.keep', '');
      await place.fairlead.start();
      await Promise.all([place.startTask(1), place.startTask(2)]);
      await place.untilListed(FILE, [1, 2]);
      await place.untilState(FILE, 'rendered');
      place.spawn('haproxy', ['-W', '-db', '-p', '/run/haproxy.pid', '-f', FILE], { stdio: 'ignore' });
      const look = (): Promise<boolean> =>
        Promise.resolve(existsSync(place.root.host('/run/haproxy/admin.sock')));
      await until('HAProxy runs', look, Boolean, { within: 60_000, context: place.fairlead.log });
    });

    afterAll(() => place.close());

    test('no request fails while all tasks are replaced', async () => {
      const end = startLoad(place.host.netns, 'http://127.0.0.1:8080/');
      await place.replaceTasks(FILE);
      const load = await end();
      console.log(
        `HAProxy: ${load.requests} requests, ${load.failures.length} failed: ${JSON.stringify(load.byAnswer)}`,
      );
      expect(load.failures, place.fairlead.log()).toEqual([]);
      expect(Object.keys(load.byAnswer).sort()).toEqual(
        [1, 2, 3, 4].map((number) => `web shop-web-${number}`),
      );
    });

    test('a template that is wrong never reaches it', async () => {
      const [good, file] = [place.template(TEMPLATE), place.read(FILE)];
      const end = startLoad(place.host.netns, 'http://127.0.0.1:8080/');
      await place.changeTemplate(TEMPLATE, good.replace('roundrobin', 'nonsense'));
      const { error } = await place.untilState(FILE, 'failed');
      expect(error).toContain('balance only supports');
      const { code, stderr } = await place.fairlead.cli('templates');
      expect(code).toBe(1);
      expect(stderr).toContain('balance only supports');
      expect(place.read(FILE)).toBe(file);
      // Between two attempts, of which each puts its own file away again.
      const hidden = (): Promise<string[]> =>
        Promise.resolve(readdirSync(dirname(place.root.host(FILE))).filter((name) => name.startsWith('.')));
      await untilEqual('what is left', hidden, [], { within: 60_000 });
      const load = await end();
      expect(load.failures).toEqual([]);
      await place.changeTemplate(TEMPLATE, good);
      await place.untilState(FILE, 'rendered');
      expect(place.read(FILE)).toBe(file);
    });
  },
  [...enginePrograms, 'haproxy', 'unshare'],
);
