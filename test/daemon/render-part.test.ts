import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { afterEach, describe, expect, it } from 'vitest';
import { Catalog } from '../../src/catalog/catalog.js';
import { Demand } from '../../src/catalog/demand.js';
import { RenderPart } from '../../src/daemon/render-part.js';
import type { Daemon } from '../../src/daemon/daemon.js';
import { silentLog } from '../../src/net/log.js';
import { ref, taskFact } from '../support/facts.js';
import { HeldTimers } from '../support/held-timers.js';
import { Ground, services } from './support.js';

const ground = new Ground();
const isRoot = process.getuid?.() === 0;

/** A part over the catalog of a daemon that renders nothing itself, so that tests can drive it. */
async function part(): Promise<{ part: RenderPart; warnings: string[]; daemon: Daemon }> {
  const daemon = await ground.started();
  const warnings: string[] = [];
  const warn = (message: string) => warnings.push(message);
  const log = { trace: () => undefined, debug: () => undefined, info: () => undefined, warn, error: warn };
  const made = new RenderPart(daemon.catalog, new Demand(), log);
  stops.push(() => made.stop());
  return { part: made, warnings, daemon };
}

const stops: (() => Promise<void>)[] = [];
afterEach(async () => {
  await Promise.all(stops.splice(0).map((stop) => stop()));
});

const write = (name: string, text: string) => writeFileSync(ground.path(name), text);
const read = (name: string) =>
  existsSync(ground.path(name)) ? readFileSync(ground.path(name), 'utf8') : undefined;

interface Wanted {
  [key: string]: unknown;
}

const template = (name: string, more: Wanted = {}) => ({
  source: ground.path(`${name}.ctmpl`),
  destination: ground.path(`${name}.conf`),
  wait: { min: '0s', max: '0s' },
  ...more,
});

const loaded = (render: Wanted) => ground.loaded(`render=${JSON.stringify(render)}`);

const LIST = '{{range service "web"}}{{.Address}} {{end}}';

it('renders at the start, at each change, and ends with the daemon', async () => {
  const { part: made } = await part();
  write('web.ctmpl', '{{range tasks "web.shop"}}{{.Address}}{{end}}');
  await made.start(loaded({ templates: [template('web')] }));
  await expect.poll(() => made.list()[0]?.state).toBe('rendered');
  const first = read('web.conf');
  write('services.yaml', services('192.0.2.7'));
  await expect.poll(() => read('web.conf')).not.toBe(first);
  expect(read('web.conf')).toContain('192.0.2.7');
  await made.stop();
  expect(made.list()).toEqual([]);
});

it('a bad template is told with file, line, column, the line and a caret; others go on, and its last file stays', async () => {
  const { part: made, warnings } = await part();
  write('bad.conf', 'last good');
  write('bad.ctmpl', 'first\n  {{range services}\n');
  write('worse.ctmpl', 'x {{nosuch "a"}}');
  write('late.ctmpl', '{{$x := 1}}\n{{index (parseJSON "[]") 3}}');
  write('good.ctmpl', 'good');
  await made.start(
    loaded({ templates: ['bad', 'worse', 'late', 'missing', 'good'].map((name) => template(name)) }),
  );
  await expect
    .poll(() => made.list().map(({ state }) => state))
    .toEqual([...['failed', 'failed', 'failed', 'failed', 'rendered']]);
  const errors = made.list().map(({ error }) => error?.replaceAll(`${ground.directory}/`, ''));
  expect(errors.slice(0, 4)).toEqual([
    "bad.ctmpl:2:11: bad character U+007D '}'\n  {{range services}\n          ^",
    'worse.ctmpl:1:5: function "nosuch" not defined\nx {{nosuch "a"}}\n    ^',
    'late.ctmpl:2:3: executing "late.ctmpl" at <index (parseJSON "[]") 3>: error calling index: index out of range: 3\n{{index (parseJSON "[]") 3}}\n  ^',
    'missing.ctmpl: the file does not exist; check the path',
  ]);
  expect(read('bad.conf')).toBe('last good');
  expect(read('good.conf')).toBe('good');
  expect(warnings).toHaveLength(4);
  expect(warnings.filter((warning) => warning.includes('bad.ctmpl:2:11'))).toHaveLength(1);
});

it('follows the file of a template: rewritten, replaced, broken, mended, gone, and there again', async () => {
  const { part: made } = await part();
  write('web.ctmpl', 'one');
  await made.start(loaded({ templates: [template('web', { wait: { min: '10ms', max: '50ms' } })] }));
  const shows = (text: string) => expect.poll(() => read('web.conf')).toBe(text);
  await shows('one');
  write('web.ctmpl', 'two');
  await shows('two');
  write('new.ctmpl', 'three');
  renameSync(ground.path('new.ctmpl'), ground.path('web.ctmpl'));
  await shows('three');
  write('web.ctmpl', 'four {{');
  await expect.poll(() => made.list()[0]?.error).toContain('web.ctmpl:1:');
  expect(made.list()[0]).toMatchObject({ state: 'failed' });
  expect(read('web.conf')).toBe('three');
  write('web.ctmpl', 'five');
  await shows('five');
  // The file is in place a moment before the disk has it and the status says so.
  await expect.poll(() => made.list()[0]).toMatchObject({ state: 'rendered', failures: 0 });
  expect(made.list()[0]?.error).toBeUndefined();
  rmSync(ground.path('web.ctmpl'));
  await expect.poll(() => made.list()[0]?.error).toContain('the file does not exist');
  expect(read('web.conf')).toBe('five');
  write('web.ctmpl', 'six');
  await shows('six');
});

it('a reload with the same settings changes nothing; with others, the program goes on if it is the same', async () => {
  const { part: made } = await part();
  write('web.ctmpl', LIST);
  write('more.ctmpl', 'more');
  const exec = { command: ['sh', '-c', `printf . >> ${ground.path('starts')}; exec sleep 600`] };
  const config = { templates: [template('web')], exec };
  await made.start(loaded(config));
  await expect.poll(() => made.program()?.state).toBe('running');
  await expect.poll(() => read('starts')).toBe('.');
  const { pid } = made.program() ?? {};
  await made.reload(loaded(config));
  expect(made.list()[0]?.state).toBe('rendered');
  await made.reload(
    loaded({
      ...config,
      templates: [template('web'), template('more')],
      exec: { ...exec, reloadSignal: 'SIGURG' },
    }),
  );
  await expect.poll(() => read('more.conf')).toBe('more');
  await expect.poll(() => made.program()?.state).toBe('running');
  expect(made.program()?.pid).not.toBe(pid);
  const again = made.program()?.pid;
  await made.reload(loaded({ ...config, exec: { ...exec, reloadSignal: 'SIGURG' } }));
  await expect.poll(() => made.list()[0]?.state).toBe('rendered');
  expect(made.program()).toMatchObject({ pid: again, state: 'running', restarts: 0 });
  await made.reload(loaded({ templates: [] }));
  expect([made.list(), made.program()]).toEqual([[], undefined]);
  expect(() => process.kill(again ?? 0, 0)).toThrow('ESRCH');
});

it('the program starts when every file is there, and hears of each change', async () => {
  const { part: made } = await part();
  write('web.ctmpl', 'one');
  const script = `trap 'cat ${ground.path('web.conf')} >> ${ground.path('heard')}' HUP; cat ${ground.path('web.conf')} >> ${ground.path('heard')}; while :; do sleep 0.02; done`;
  await made.start(
    loaded({
      templates: [template('web'), template('late')],
      exec: { command: ['sh', '-c', script], reloadSignal: 'HUP', killTimeout: '1s', killSignal: 'SIGKILL' },
    }),
  );
  await expect.poll(() => read('web.conf')).toBe('one');
  await expect.poll(() => made.list()[1]?.state).toBe('failed');
  expect(made.program()).toMatchObject({ state: 'waiting' });
  write('late.ctmpl', 'late');
  await expect.poll(() => read('heard')).toBe('one');
  write('web.ctmpl', 'two');
  await expect.poll(() => read('heard')).toBe('onetwo');
  const { pid } = made.program() ?? {};
  await made.stop();
  expect(() => process.kill(pid ?? 0, 0)).toThrow('ESRCH');
});

it.skipIf(!isRoot)(
  "commands run as the section's user or the template's own; their output is kept",
  async () => {
    const { part: made } = await part();
    write('a.ctmpl', 'a');
    write('b.ctmpl', 'b');
    const command = 'id -un; grep CapEff /proc/self/status; echo $HOME; exec >&-; sleep 0.2; echo oops >&2';
    await made.start(
      loaded({
        runAs: 'nobody',
        templates: [template('a', { command }), template('b', { command, runAs: 'daemon' })],
      }),
    );
    const outputs = () => made.list().map((each) => each.command?.output.split(/\s+/).filter(Boolean));
    await expect.poll(outputs).toEqual([
      ['nobody', 'CapEff:', '0000000000000000', '/nonexistent', 'oops'],
      ['daemon', 'CapEff:', '0000000000000000', '/usr/sbin', 'oops'],
    ]);
  },
);

it('keys come from the directory that render.keys names, and are followed', async () => {
  const { part: made } = await part();
  mkdirSync(ground.path('keys', 'app'), { recursive: true });
  write('keys/app/port', '80\n');
  write(
    'kv.ctmpl',
    '{{key "app/port"}} {{keyOrDefault "none" "d"}} {{keyExists "none"}} {{range ls "app"}}{{.Key}}{{end}}',
  );
  await made.start(loaded({ keys: ground.path('keys'), templates: [template('kv')] }));
  await expect.poll(() => read('kv.conf')).toBe('80 d false port');
  write('keys/app/port', '81');
  await expect.poll(() => read('kv.conf')).toBe('81 d false port');
});

it('without a store, a template that asks for a key says so with its place', async () => {
  const { part: made } = await part();
  write('kv.ctmpl', 'x\n{{key "app/port"}}');
  await made.start(loaded({ templates: [template('kv')] }));
  await expect.poll(() => made.list()[0]?.state).toBe('failed');
  expect(made.list()[0]?.error).toContain('kv.ctmpl:2:3: executing');
  expect(made.list()[0]?.error).toContain(
    'there is no key-value store to ask; name a directory of keys (render.keys), or a Consul agent (sources.consul)',
  );
});

it.skipIf(!isRoot)('plugin runs as the user of the template, too', async () => {
  const { part: made } = await part();
  write('p.ctmpl', '{{plugin "id" "-un"}}');
  await made.start(loaded({ allowPlugin: true, runAs: 'nobody', templates: [template('p')] }));
  await expect.poll(() => read('p.conf')).toBe('nobody');
});

describe('after a restart, with saved facts', () => {
  const facts = (...ips: string[]) => ({
    tasks: ips.map((ip, at) =>
      taskFact(`w${at}`, {
        service: ref('web.shop'),
        ip,
        ports: [{ port: 80, protocol: 'tcp', target: 80 }],
      }),
    ),
  });

  async function restarted() {
    const timers = new HeldTimers();
    const catalog = new Catalog();
    const sink = catalog.sink('docker', { facts: facts('192.0.2.1'), asOf: 0 });
    const made = new RenderPart(catalog, new Demand(), silentLog, timers);
    stops.push(() => made.stop());
    write('web.ctmpl', LIST);
    write('web.conf', 'of the daemon before');
    await made.start(loaded({ templates: [template('web')] }));
    await expect.poll(() => made.list()[0]?.state).toBe('waiting');
    expect(read('web.conf')).toBe('of the daemon before');
    return { timers, sink, made };
  }

  it('the file stays until the source has reported', async () => {
    const { timers, sink, made } = await restarted();
    sink.replace(facts('192.0.2.7', '192.0.2.8'));
    timers.advance(100);
    expect(made.list()[0]?.state).toBe('waiting');
    sink.status({ state: 'live' });
    timers.advance(100);
    await expect.poll(() => read('web.conf')).toBe('192.0.2.7 192.0.2.8 ');
  });

  it('a source that is away for long: what was known is rendered', async () => {
    const { timers, sink } = await restarted();
    timers.advance(9000);
    expect(read('web.conf')).toBe('of the daemon before');
    timers.advance(1000);
    await expect.poll(() => read('web.conf')).toBe('192.0.2.1 ');
    sink.replace(facts('192.0.2.9'));
    sink.status({ state: 'live' });
    timers.advance(100);
    await expect.poll(() => read('web.conf')).toBe('192.0.2.9 ');
  });
});
