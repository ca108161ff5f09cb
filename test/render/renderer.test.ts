import {
  chmodSync,
  existsSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  statSync,
  symlinkSync,
  lstatSync,
  writeFileSync,
  mkdirSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { silentLog } from '../../src/net/log.js';
import { Renderer } from '../../src/render/renderer.js';
import { serviceList, serviceRecord } from '../../src/render/service-records.js';
import { queryText, type Query } from '../../src/render/queries.js';
import type { QueryPort } from '../../src/render/run-context.js';
import type { Target } from '../../src/render/template-target.js';
import type { Value } from '../../src/template/value.js';
import { HeldTimers } from '../support/held-timers.js';
import { turns } from '../support/turns.js';

/** Answers that a test sets. */
class SetAnswers implements QueryPort {
  readonly answers = new Map<string, Value>();

  answer(query: Query): Value {
    return this.answers.get(queryText(query));
  }

  service(name: string, ...ports: number[]): void {
    const facts = ports.map((Port) => ({
      Node: 'n',
      NodeAddress: '10.0.0.1',
      Address: '10.0.0.1',
      ID: `${name}-${Port}`,
      Name: name,
      Tags: [],
      Status: 'passing',
      Port,
    }));
    this.answers.set(`health.service(${name})`, serviceList(facts.map((each) => serviceRecord(each))));
  }
}

let dir: string;
const renderers: Renderer[] = [];

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'fairlead-render-'));
});

afterEach(async () => {
  await Promise.all(renderers.splice(0).map((renderer) => renderer.stop()));
  rmSync(dir, { recursive: true, force: true });
});

const LIST = '{{range service "web"}}{{.Address}}:{{.Port}}\n{{end}}';

function target(more: Partial<Target> = {}): Target {
  return {
    source: { text: LIST, name: 'web.ctmpl' },
    destination: join(dir, 'out.conf'),
    errorOnMissingKey: false,
    minInstances: 0,
    wait: { min: 100, max: 1000 },
    createDirectories: true,
    backup: false,
    commandTimeoutMs: 20_000,
    deniedFunctions: [],
    ...more,
  };
}

function start(...targets: Target[]) {
  const timers = new HeldTimers();
  const port = new SetAnswers();
  const renderer = new Renderer({
    targets,
    port,
    settings: { host: { environment: {}, allowPlugin: false, allowWriteToFile: false }, now: () => 0 },
    timers,
    log: silentLog,
  });
  renderers.push(renderer);
  return {
    timers,
    port,
    renderer,
    change: async () => {
      renderer.changed();
      timers.advance(100);
      await renderer.settled();
    },
  };
}

const read = (name = 'out.conf') => readFileSync(join(dir, name), 'utf8');
const commands = () => (existsSync(join(dir, 'log')) ? read('log').trim().split('\n') : []);
const logCommand = () => `echo run >> ${join(dir, 'log')}`;
const leftovers = () => readdirSync(dir).filter((name) => name.startsWith('.'));

describe('when a file is written', () => {
  test('not before every query has an answer, then at once', async () => {
    const { port, renderer, change } = start(
      target({ source: { text: '{{key "k"}} {{range service "web"}}{{.Port}}{{end}}', name: 't' } }),
    );
    port.service('web', 80);
    renderer.start();
    await renderer.settled();
    expect(existsSync(join(dir, 'out.conf'))).toBe(false);
    expect(renderer.status()[0]).toMatchObject({ state: 'waiting', missing: ['kv.block(k)'] });
    port.answers.set('kv.block(k)', 'v');
    await change();
    expect(read()).toBe('v 80');
    expect(renderer.status()[0]).toMatchObject({ state: 'rendered', missing: [], bytes: 4 });
  });

  test('an index that is out of range on incomplete data is no error', async () => {
    const { port, renderer, change } = start(
      target({ source: { text: '{{(index (service "web") 0).Port}}', name: 't' } }),
    );
    renderer.start();
    await renderer.settled();
    expect(renderer.status()[0]?.state).toBe('waiting');
    port.service('web', 80);
    await change();
    expect(read()).toBe('80');
  });

  test('changes are combined: one write and one command for many', async () => {
    const { timers, port, renderer } = start(target({ command: logCommand() }));
    port.service('web', 1);
    renderer.start();
    await renderer.settled();
    for (let i = 2; i < 6; i += 1) {
      port.service('web', i);
      renderer.changed();
      timers.advance(50);
    }
    timers.advance(100);
    await renderer.settled();
    expect(read()).toBe('10.0.0.1:5\n');
    expect(commands()).toEqual(['run', 'run']);
  });

  test('the same bytes: no write, no command', async () => {
    writeFileSync(join(dir, 'out.conf'), '10.0.0.1:80\n');
    const before = statSync(join(dir, 'out.conf'));
    const { port, renderer, change } = start(target({ command: logCommand() }));
    port.service('web', 80);
    renderer.start();
    await renderer.settled();
    port.service('web', 80);
    await change();
    expect(statSync(join(dir, 'out.conf')).ino).toBe(before.ino);
    expect(commands()).toEqual([]);
    expect(renderer.status()[0]?.state).toBe('rendered');
  });

  test('targets with one command: it runs once for all of them', async () => {
    const command = logCommand();
    const { port, renderer } = start(
      target({ command }),
      target({ command, destination: join(dir, 'two.conf') }),
      target({ command, destination: join(dir, 'three.conf') }),
    );
    port.service('web', 80);
    renderer.start();
    await renderer.settled();
    expect(read('three.conf')).toBe('10.0.0.1:80\n');
    expect(commands()).toEqual(['run']);
  });

  test('fewer instances than minInstances: the last file stays', async () => {
    const { port, renderer, change } = start(target({ minInstances: 2 }));
    port.service('web', 80, 81);
    renderer.start();
    await renderer.settled();
    port.service('web', 80);
    await change();
    expect(read()).toBe('10.0.0.1:80\n10.0.0.1:81\n');
    expect(renderer.status()[0]).toMatchObject({
      state: 'held',
      error: '1 instance, fewer than minInstances 2: the last file is kept',
    });
  });
});

describe('the file on disk', () => {
  test('directories are created, and mode 0644 is the default', async () => {
    const { port, renderer } = start(target({ destination: join(dir, 'a/b/out.conf') }));
    port.service('web', 80);
    renderer.start();
    await renderer.settled();
    expect(statSync(join(dir, 'a/b/out.conf')).mode & 0o777).toBe(0o644);
    expect(readdirSync(join(dir, 'a/b'))).toEqual(['out.conf']);
  });

  test('the mode of the old file is kept, or set; a link stays a link; the backup is the old file', async () => {
    mkdirSync(join(dir, 'real'));
    writeFileSync(join(dir, 'real/out.conf'), 'old');
    chmodSync(join(dir, 'real/out.conf'), 0o600);
    symlinkSync(join(dir, 'real/out.conf'), join(dir, 'out.conf'));
    const { port, renderer } = start(
      target({ backup: true }),
      target({ destination: join(dir, 'set.conf'), mode: 0o640 }),
    );
    port.service('web', 80);
    renderer.start();
    await renderer.settled();
    expect(lstatSync(join(dir, 'out.conf')).isSymbolicLink()).toBe(true);
    expect(read('real/out.conf')).toBe('10.0.0.1:80\n');
    expect(statSync(join(dir, 'real/out.conf')).mode & 0o777).toBe(0o600);
    expect(read('real/out.conf.bak')).toBe('old');
    expect(statSync(join(dir, 'set.conf')).mode & 0o777).toBe(0o640);
  });
});

describe('failures', () => {
  test('a template error names the place, keeps the file and does not affect other templates', async () => {
    const { port, renderer, change } = start(
      target({ source: { text: 'one\n{{range service "web"}}{{.Nope}}{{end}}', name: 'bad.ctmpl' } }),
      target({ destination: join(dir, 'good.conf') }),
    );
    writeFileSync(join(dir, 'out.conf'), 'last good');
    port.service('web', 80);
    renderer.start();
    await renderer.settled();
    expect(read()).toBe('last good');
    expect(read('good.conf')).toBe('10.0.0.1:80\n');
    expect(renderer.status()[0]?.error).toBe(
      `bad.ctmpl:2:26: executing "bad.ctmpl" at <.Nope>: can't evaluate field Nope in type dependency.HealthService\n{{range service "web"}}{{.Nope}}{{end}}\n${' '.repeat(25)}^`,
    );
    await change();
  });

  test('a failing check: the file never changes, nothing is left, and it is retried', async () => {
    const { timers, port, renderer } = start(
      target({
        check: ['/bin/sh', '-c', 'echo bad config; grep -q 81 "$0"', '{file}'],
        command: logCommand(),
      }),
    );
    writeFileSync(join(dir, 'out.conf'), 'last good');
    port.service('web', 80);
    renderer.start();
    await renderer.settled();
    expect(read()).toBe('last good');
    expect(leftovers()).toEqual([]);
    expect(renderer.status()[0]).toMatchObject({
      state: 'failed',
      failures: 1,
      command: { ok: false, outcome: 'exit status 1', output: 'bad config\n' },
    });
    expect(commands()).toEqual([]);
    port.service('web', 81);
    timers.advance(1000);
    await renderer.settled();
    expect(read()).toBe('10.0.0.1:81\n');
    expect(commands()).toEqual(['run']);
  });

  test('a file counts as rendered when its command has succeeded, not before', async () => {
    const go = join(dir, 'go');
    const { port, renderer } = start(
      target({ command: `touch ${dir}/begun; until test -e ${go}; do sleep 0.1; done` }),
    );
    port.service('web', 80);
    renderer.start();
    await expect.poll(() => existsSync(join(dir, 'begun'))).toBe(true);
    expect(renderer.status()[0]?.state).toBe('waiting');
    writeFileSync(go, '');
    await renderer.settled();
    expect(renderer.status()[0]).toMatchObject({ state: 'rendered', bytes: 12, renderedAt: 0 });
  });

  test('a command that fails: the old file comes back, the command runs again with it, and later once more', async () => {
    const ok = join(dir, 'ok');
    const { timers, port, renderer } = start(
      target({ command: `cat ${join(dir, 'out.conf')} >> ${join(dir, 'log')}; test -e ${ok}` }),
    );
    writeFileSync(join(dir, 'out.conf'), 'last good\n');
    port.service('web', 80);
    renderer.start();
    await renderer.settled();
    expect(read()).toBe('last good\n');
    expect(commands()).toEqual(['10.0.0.1:80', 'last good']);
    expect(leftovers()).toEqual([]);
    expect(renderer.status()[0]).toMatchObject({
      state: 'failed',
      error: expect.stringContaining('exit status 1') as string,
    });
    writeFileSync(ok, '');
    timers.advance(1000);
    await renderer.settled();
    expect(read()).toBe('10.0.0.1:80\n');
    expect(renderer.status()[0]).toMatchObject({ state: 'rendered', failures: 0 });
    expect(leftovers()).toEqual([]);
  });

  test('two files that need one another, known at different times, are put in place together', async () => {
    const command = `cd ${dir}; test ! -e out.conf -o -e two.conf && test ! -e two.conf -o -e out.conf`;
    const two = { text: '{{range service "two"}}{{.Port}}{{end}}', name: 'two' };
    const { timers, port, renderer, change } = start(
      target({ command }),
      target({ command, source: two, destination: join(dir, 'two.conf') }),
    );
    port.service('web', 80);
    renderer.start();
    await renderer.settled();
    timers.advance(700);
    port.service('two', 2);
    await change();
    expect(renderer.status().map(({ state }) => state)).toEqual(['rendered', 'rendered']);
    expect([read(), read('two.conf')]).toEqual(['10.0.0.1:80\n', '2']);
    expect(leftovers()).toEqual([]);
  });

  test('a first file whose command fails is taken away again', async () => {
    const { port, renderer } = start(target({ command: ['/bin/false'] }));
    port.service('web', 80);
    renderer.start();
    await renderer.settled();
    expect(readdirSync(dir)).toEqual([]);
  });

  test('a command that hangs is killed with all its child processes', async () => {
    const { port, renderer } = start(
      target({ command: `sleep 600 & echo $! > ${join(dir, 'pid')}; sleep 600` }),
    );
    port.service('web', 80);
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    renderer.start();
    const pidOfChild = () => (existsSync(join(dir, 'pid')) ? read('pid').trim() : '');
    while (pidOfChild() === '') await turns(1);
    vi.advanceTimersByTime(20_000);
    vi.useRealTimers();
    await renderer.settled();
    expect(renderer.status()[0]?.error).toContain('no end after 20s, killed');
    const pid = Number(pidOfChild());
    await expect.poll(() => isRunning(pid)).toBe(false);
  });

  test('a command that is killed, and one that does not exist', async () => {
    const { port, renderer } = start(
      target({ command: 'kill -9 $$' }),
      target({ command: ['/no/such/program'], destination: join(dir, 'two.conf') }),
    );
    port.service('web', 80);
    renderer.start();
    await renderer.settled();
    expect(renderer.status().map(({ command }) => command?.outcome)).toEqual([
      'signal SIGKILL',
      'cannot be run: there is no program /no/such/program; check the path',
    ]);
  });

  test('a destination that cannot be written', async () => {
    writeFileSync(join(dir, 'file'), '');
    const { port, renderer } = start(target({ destination: join(dir, 'file/out.conf') }));
    port.service('web', 80);
    renderer.start();
    await renderer.settled();
    expect(renderer.status()[0]).toMatchObject({
      state: 'failed',
      error: expect.stringContaining('file/out.conf: ') as string,
    });
  });

  test('the delay before another attempt doubles up to a minute', async () => {
    const { timers, port, renderer } = start(target({ check: ['/bin/false'] }));
    port.service('web', 80);
    renderer.start();
    await renderer.settled();
    for (const seconds of [1, 2, 4, 8, 16, 32, 60, 60]) {
      const failures = renderer.status()[0]?.failures;
      timers.advance(seconds * 1000 - 1);
      await renderer.settled();
      expect(renderer.status()[0]?.failures).toBe(failures);
      timers.advance(1);
      await renderer.settled();
      expect(renderer.status()[0]?.failures).toBe((failures ?? 0) + 1);
    }
  });
});

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return !readFileSync(`/proc/${pid}/stat`, 'utf8').includes(') Z ');
  } catch {
    return false;
  }
}
