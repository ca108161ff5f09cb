import { existsSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { stringify } from 'yaml';
import type { TemplateJson, TemplateListJson } from '../../src/api/types/templates-json.js';
import { must } from './support/command.js';
import { createFairlead, type Fairlead } from './support/fairlead.js';
import { HOST_ADDRESS } from './support/host.js';
import { createNetns } from './support/netns.js';
import { until, untilEqual } from './support/poll.js';
import { describeOnHost } from './support/requirements.js';
import { createWorkspace } from './support/workspace.js';

const TEMPLATE = '{{range service "web"}}{{.Address}}\n{{end}}';

/** Not a multiple of 1000 tasks, so that a file with them needs more than what a full disk has left. */
const MANY = Array.from({ length: 250 }, (_, at) => `198.51.100.${at + 1}`);

describeOnHost(
  'faults of what templates write to',
  () => {
    const undo: (() => Promise<unknown>)[] = [];
    let dir: string;
    /** A file system of 64 KiB. */
    let disk: string;
    let fairlead: Fairlead;

    beforeEach(async () => {
      const workspace = await createWorkspace();
      undo.push(() => workspace.remove());
      dir = workspace.dir;
      disk = join(dir, 'disk');
      mkdirSync(disk);
      await must('mount', ['-t', 'tmpfs', '-o', 'size=64k', 'none', disk]);
      writeFileSync(join(dir, 'out.ctmpl'), TEMPLATE);
      const netns = await createNetns(workspace.netnsName, HOST_ADDRESS);
      undo.push(() => netns.remove());
      // The command waits where the test says so.
      const command = `echo "run $(wc -l <${disk}/out.conf)" >>${dir}/log; while [ -e ${dir}/wait ]; do sleep 0.05; done`;
      const template = { source: 'out.ctmpl', destination: join(disk, 'out.conf'), command };
      fairlead = createFairlead(netns, dir, {
        hostAddress: HOST_ADDRESS,
        upstreams: [],
        sources: { file: { path: join(dir, 'services.yaml') } },
        sections: { render: { wait: { min: '10ms', max: '100ms' }, templates: [template] } },
      });
      undo.push(() => fairlead.stop());
      have('198.51.100.1');
      await fairlead.start();
      await untilState('rendered', 1);
      expect(contents()).toBe('198.51.100.1\n');
    });

    afterEach(async () => {
      while (undo.length > 0) await undo.pop()?.();
    });

    function have(...addresses: readonly string[]): void {
      // Instances are in the order of their names.
      const tasks = addresses.map((ip, at) => ({ name: `w${String(at).padStart(3, '0')}`, ip }));
      const file = { stacks: { shop: { services: { web: { ports: ['80/tcp'], tasks } } } } };
      writeFileSync(join(dir, 'services.yaml'), stringify(file));
    }

    const contents = (): string => readFileSync(join(disk, 'out.conf'), 'utf8');
    const runs = (): string[] => readFileSync(join(dir, 'log'), 'utf8').trim().split('\n');

    async function untilState(state: TemplateJson['state'], lines?: number): Promise<TemplateJson> {
      const look = async (): Promise<TemplateJson | undefined> =>
        ((await fairlead.api('/v1/templates')) as TemplateListJson).templates[0];
      const is = (found: TemplateJson | undefined): boolean =>
        found?.state === state && (lines === undefined || contents().split('\n').length - 1 === lines);
      const found = await until(`the file is ${state}`, look, is, { within: 60_000, context: fairlead.log });
      if (found === undefined) throw new Error('there is no template');
      return found;
    }

    /** The old file is there, whole, nothing lies beside it, and the command line says why. */
    async function untilRefused(why: string): Promise<void> {
      expect((await untilState('failed')).error).toContain(why);
      expect(contents()).toBe('198.51.100.1\n');
      // Between two attempts, of which each puts its own file away again.
      const hidden = (): Promise<string[]> =>
        Promise.resolve(readdirSync(disk).filter((name) => name.startsWith('.')));
      await untilEqual('what is left', hidden, [], { within: 60_000 });
      expect(runs()).toEqual(['run 1']);
      const { code, stderr } = await fairlead.cli('templates');
      expect(code).toBe(1);
      expect(stderr).toContain(why);
    }

    test('a disk that is full: the last file stays, and the new one comes when there is room', async () => {
      await must('dd', ['if=/dev/zero', `of=${join(disk, 'ballast')}`, 'bs=4k', 'count=15', 'status=none']);
      have(...MANY);
      await untilRefused('ENOSPC');
      rmSync(join(disk, 'ballast'));
      await untilState('rendered', MANY.length);
      expect(runs()).toEqual(['run 1', `run ${MANY.length}`]);
    });

    test('a directory that is read-only: the last file stays until it can be written', async () => {
      await must('mount', ['-o', 'remount,ro', disk]);
      have(...MANY);
      await untilRefused('EROFS');
      await must('mount', ['-o', 'remount,rw', disk]);
      await untilState('rendered', MANY.length);
      expect(readdirSync(disk)).toEqual(['out.conf']);
    });

    test('a daemon that is killed while the command runs: the next one runs it again', async () => {
      writeFileSync(join(dir, 'wait'), '');
      have(...MANY);
      const begun = (): Promise<string[]> => Promise.resolve(runs());
      await until('the command runs', begun, (lines) => lines.length === 2, {
        within: 60_000,
        context: fairlead.log,
      });
      await fairlead.crash();
      expect(contents()).toBe(`${MANY.join('\n')}\n`);
      rmSync(join(dir, 'wait'));
      await fairlead.start();
      await untilState('rendered', MANY.length);
      expect(runs()).toEqual(['run 1', `run ${MANY.length}`, `run ${MANY.length}`]);
      expect(readdirSync(disk)).toEqual(['out.conf']);
      expect(existsSync(join(dir, 'wait'))).toBe(false);
    });
  },
  ['ip', 'nsenter', 'mount', 'dd'],
);
