import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { FACTS, load, startApi, stopApi, type Fixture } from '../api/fixture.js';
import { fairlead, type Ran, type RunOptions } from './run.js';

let dir: string;
const servers: Server[] = [];

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'fairlead-render-cli-'));
  write('a.ctmpl', 'a');
  write('b.ctmpl', 'b');
});

afterEach(() => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    server.close();
  }
  rmSync(dir, { recursive: true, force: true });
});

const write = (name: string, text: string) => writeFileSync(join(dir, name), text);
const read = (name: string) =>
  existsSync(join(dir, name)) ? readFileSync(join(dir, name), 'utf8') : undefined;

/** Without a query in a template, nothing is asked: the address needs no Consul. */
function render(flags: readonly string[], options: RunOptions = {}): Promise<Ran> {
  return fairlead(['render', '-consul-addr', '127.0.0.1:1', ...flags], {
    cwd: dir,
    ...options,
    env: { PATH: process.env['PATH'], ...options.env },
  });
}

const PAIR = [{ Key: 'x', Value: 'MQ==', CreateIndex: 1, ModifyIndex: 2, LockIndex: 0, Flags: 0 }];

/**
 * A Consul that has the key `x` alone, and notes what it is asked with.
 * @param bodyOf what it answers instead; undefined: not found
 */
async function consul(
  bodyOf: (path: string) => unknown = () => PAIR,
): Promise<{ address: string; heard: Record<string, string | undefined>[] }> {
  const heard: Record<string, string | undefined>[] = [];
  const server = createServer((request, response) => {
    const { url = '', headers } = request;
    const { 'x-consul-token': token, authorization } = headers;
    heard.push({ url, token: String(token), authorization });
    const body = bodyOf(url.replace(/\?.*/, ''));
    response.writeHead(body === undefined ? 404 : 200, { 'X-Consul-Index': String(4 + heard.length) });
    response.end(body === undefined ? '' : JSON.stringify(body));
  });
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { address: `127.0.0.1:${(server.address() as AddressInfo).port}`, heard };
}

describe("consul-template's flags", () => {
  test.each([[['--color', 'never']], [['--color=never']], [['--addr', 'unix:/none', '--color=never']]])(
    'may follow options of all commands: %j',
    async (before) => {
      const flags = ['-consul-addr', '127.0.0.1:1', '-once', '-template', 'a.ctmpl:a.out'];
      const ran = await fairlead([...before, 'render', ...flags], { cwd: dir, env: {} });
      expect(ran).toEqual({ code: 0, stdout: '', stderr: '' });
      expect((await fairlead([...before, 'render', '-bogus'], { cwd: dir, env: {} })).code).toBe(13);
    },
  );

  test('-template: in:out, in:out:command, several; a command may have colons', async () => {
    const ran = await render([
      '-once',
      '-template',
      'a.ctmpl:a.out',
      `-template=b.ctmpl:b.out:echo x:y > ${join(dir, 'log')}`,
    ]);
    expect(ran).toEqual({ code: 0, stdout: '', stderr: '' });
    expect([read('a.out'), read('b.out'), read('log')]).toEqual(['a', 'b', 'x:y\n']);
  });

  test.each([
    [['-template', 'a.ctmpl'], '-template a.ctmpl: must be "in:out" or "in:out:command"'],
    [['-template', ':x'], '-template :x: must be "in:out" or "in:out:command"'],
    [['-template', 'a.ctmpl:a.out', '-wait', '5'], '-wait 5: must be "min" or "min:max", such as 5s:10s'],
    [
      ['-template', 'a.ctmpl:a.out', '-wait', '5s:1s'],
      '-wait 5s:1s: must be "min" or "min:max", such as 5s:10s',
    ],
    [
      ['-template', 'a.ctmpl:a.out', '-kill-signal', 'SIGNOPE'],
      'SIGNOPE is not a signal; it must be one such as SIGHUP',
    ],
    [
      ['-template', 'a.ctmpl:a.out', '-exec', 'true', '-exec-splay', 'x'],
      '-exec-splay x: must be a duration, such as 30s',
    ],
    [
      ['-template', 'a.ctmpl:a.out', '-exec', 'true', '-exec-kill-timeout', '5'],
      '-exec-kill-timeout 5: must be a duration, such as 30s',
    ],
    [
      ['-template', 'a.ctmpl:a.out', '-consul-retry-attempts', 'x'],
      '-consul-retry-attempts x: must be a number; 0 means no limit',
    ],
    [
      ['-template', 'a.ctmpl:out', '-template', 'b.ctmpl:./out:true'],
      '-template b.ctmpl:./out:true: DIR/out is the destination of another template, too (-template a.ctmpl:out); each template needs a file of its own',
    ],
    [['-vault-addr', 'x'], '-vault-addr: Vault is not supported; render secrets with another tool'],
    [['-nomad-addr=x'], '-nomad-addr: Nomad is not supported'],
    [
      ['-consul-ssl-ca-cert', 'x'],
      '-consul-ssl-ca-cert: is not supported; give an https:// address, and CONSUL_CACERT, CONSUL_CLIENT_CERT and CONSUL_CLIENT_KEY for certificates of your own',
    ],
    [['-nosuch'], 'unknown option \'--nosuch\'; "fairlead --help" lists commands and options'],
  ])('wrong flags end with 13: %j', async (flags, message) => {
    const ran = await render(flags);
    expect({ ...ran, stderr: ran.stderr.replaceAll(dir, 'DIR') }).toEqual({
      code: 13,
      stdout: '',
      stderr: `fairlead: ${message}\n`,
    });
  });

  test('-once=true is -once, -dry=false is nothing', async () => {
    const ran = await render(['-once=true', '-dry=false', '-template', 'a.ctmpl:a.out']);
    expect(ran).toEqual({ code: 0, stdout: '', stderr: '' });
    expect(read('a.out')).toBe('a');
  });

  test('every flag that changes nothing here is passed over, with its value', async () => {
    const switches = [
      ...['dedup', 'consul-retry', 'template-error-fatal', 'err-on-failed-lookup', 'syslog'],
      ...['consul-transport-disable-keep-alives', 'consul-retry=false', 'dedup=true'],
    ];
    const values = [
      ...['max-stale 10m', 'block-query-wait 60s', 'consul-namespace ns', 'consul-retry-backoff 1s'],
      ...['consul-retry-max-backoff 1m', 'consul-transport-dial-keep-alive 5s'],
      ...['consul-transport-dial-timeout=5s', 'consul-transport-max-idle-conns-per-host 5'],
      ...['consul-transport-tls-handshake-timeout 5s', 'log-level=debug', 'log-file x'],
      ...['log-rotate-bytes 1', 'log-rotate-duration 1h', 'log-rotate-max-files 2'],
      ...['syslog-facility LOCAL0', 'syslog-name ct'],
    ];
    const flags = [...switches, ...values].flatMap((flag) => `-${flag}`.split(' '));
    expect(await render([...flags, '-once', '-template', 'a.ctmpl:a.out'])).toEqual({
      ...{ code: 0, stdout: '', stderr: '' },
    });
    expect(read('a.out')).toBe('a');
  });

  test('-dry prints every file, writes none and runs no command', async () => {
    const ran = await render(['-once', '-dry', '-template', `a.ctmpl:a.out:echo x > ${join(dir, 'log')}`]);
    expect(ran).toEqual({ code: 0, stdout: `> ${join(dir, 'a.out')}\na`, stderr: '' });
    expect([read('a.out'), read('log')]).toEqual([undefined, undefined]);
  });

  test('-diff prints what would change and ends with 1, or with 0 when nothing would', async () => {
    write('a.ctmpl', 'one\nnew\n');
    write('a.out', 'one\nold\n');
    const path = join(dir, 'a.out');
    expect(await render(['-diff', '-template', 'a.ctmpl:a.out'])).toEqual({
      code: 1,
      stdout: `--- ${path}\n+++ ${path}\n@@ -1,2 +1,2 @@\n one\n-old\n+new\n`,
      stderr: '',
    });
    expect(read('a.out')).toBe('one\nold\n');
    write('a.out', 'one\nnew\n');
    expect(await render(['-diff', '-template', 'a.ctmpl:a.out'])).toEqual({
      code: 0,
      stdout: '',
      stderr: '',
    });
    const fresh = await render(['-diff', '-template', 'a.ctmpl:fresh.out']);
    expect(fresh).toMatchObject({ code: 1 });
    expect(fresh.stdout).toContain('--- /dev/null\n');
  });

  test('-parse-only reads every template and says what is wrong with each', async () => {
    write('bad.ctmpl', '{{if}}');
    write('worse.ctmpl', 'x\n{{nosuch}}');
    const flags = [
      '-template',
      'bad.ctmpl:a.out',
      '-template',
      'worse.ctmpl:b.out',
      '-template',
      'a.ctmpl:c.out',
    ];
    const ran = await render(['-parse-only', ...flags]);
    expect(ran.code).toBe(14);
    expect(ran.stderr.replaceAll(`${dir}/`, '')).toBe(
      'fairlead: bad.ctmpl:1:5: missing value for if\n{{if}}\n    ^\nfairlead: worse.ctmpl:2:3: function "nosuch" not defined\n{{nosuch}}\n  ^\n',
    );
    expect(read('c.out')).toBeUndefined();
    expect((await render(['-parse-only', '-template', 'a.ctmpl:a.out'])).code).toBe(0);
  });

  test('-default-left-delimiter and -default-right-delimiter', async () => {
    write('a.ctmpl', '<<1>> {{2}}');
    const delimiters = ['-default-left-delimiter', '<<', '-default-right-delimiter', '>>'];
    await render(['-once', ...delimiters, '-template', 'a.ctmpl:a.out']);
    expect(read('a.out')).toBe('1 {{2}}');
  });

  test('-pid-file has the number while it runs, and is taken away', async () => {
    await render([
      '-once',
      '-pid-file',
      'run.pid',
      '-template',
      `a.ctmpl:a.out:cd ${dir} && cat run.pid > seen`,
    ]);
    expect(read('seen')).toBe(String(process.pid));
    expect(read('run.pid')).toBeUndefined();
    expect(await render(['-once', '-pid-file', 'no/run.pid', '-template', 'a.ctmpl:a.out'])).toMatchObject({
      code: 14,
    });
  });

  test('-exec: the program starts when everything is rendered, and its exit code is the code', async () => {
    const exec = [
      '-exec',
      'cat a.out b.out > seen; exit 7',
      '-exec-reload-signal',
      'SIGHUP',
      '-exec-kill-signal=SIGTERM',
    ];
    const times = ['-exec-kill-timeout', '5s', '-exec-splay', '0s'];
    const templates = [
      '-template',
      `${join(dir, 'a.ctmpl')}:${join(dir, 'a.out')}`,
      '-template',
      'b.ctmpl:b.out',
    ];
    write('run.sh', `cd ${dir}; cat a.out b.out > seen; exit 7`);
    exec[1] = `sh ${join(dir, 'run.sh')}`;
    expect((await render([...exec, ...times, ...templates])).code).toBe(7);
    expect(read('seen')).toBe('ab');
  });

  test('a template that fails ends with 14 when it is to be rendered once', async () => {
    write('a.ctmpl', '{{index (parseJSON "[]") 1}}');
    const ran = await render(['-once', '-template', 'a.ctmpl:a.out', '-template', 'b.ctmpl:b.out']);
    expect(ran.code).toBe(14);
    expect(ran.stderr).toContain('a.ctmpl:1:3: ');
    expect((await render(['-once', '-template', 'b.ctmpl:c.out:exit 3'])).code).toBe(14);
  });
});

describe('signals', () => {
  /** What Node does when the signal arrives. */
  const arrive = (signal: NodeJS.Signals) => process.emit(signal, signal);
  const started = () => (read('started') ?? '').trim().split('\n').filter(Boolean).map(Number);
  const isRunning = (pid: number) => {
    try {
      process.kill(pid, 0);
      return true;
    } catch {
      return false;
    }
  };
  const configuration = (...names: string[]) =>
    [
      'kill_signal = "SIGWINCH"',
      `exec { command = "sh ${join(dir, 'run.sh')}" kill_signal = "SIGKILL" reload_signal = "SIGURG" }`,
      ...names.map((name) => `template { source = "${name}.ctmpl" destination = "${name}.out" }`),
    ].join('\n');

  beforeEach(() => write('run.sh', `echo $$ >> ${join(dir, 'started')}; exec sleep 600`));

  test.each([
    ['SIGHUP', []],
    ['SIGUSR2', ['-reload-signal', 'SIGUSR2']],
  ] as const)('%s begins again: configuration, templates, program', async (signal, flags) => {
    write('c.hcl', configuration('a'));
    const ran = render(['-config', 'c.hcl', ...flags]);
    await expect.poll(() => started().length).toBe(1);
    write('c.hcl', configuration('a', 'b'));
    write('a.ctmpl', 'other');
    arrive(signal);
    await expect.poll(() => started().length).toBe(2);
    expect([read('a.out'), read('b.out')]).toEqual(['other', 'b']);
    const [before = 0, now = 0] = started();
    expect([isRunning(before), isRunning(now)]).toEqual([false, true]);
    arrive('SIGWINCH');
    expect((await ran).code).toBe(12);
    expect(isRunning(now)).toBe(false);
  });

  test('a configuration that is wrong when it begins again ends it with 15, and its program', async () => {
    write('c.hcl', configuration('a'));
    const ran = render(['-config', 'c.hcl']);
    await expect.poll(() => started().length).toBe(1);
    write('c.hcl', 'tempalte {}');
    arrive('SIGHUP');
    expect(await ran).toMatchObject({
      code: 15,
      stderr: 'fairlead: c.hcl:1: unknown key tempalte; did you mean template?\n',
    });
    expect(isRunning(started()[0] ?? 0)).toBe(false);
  });

  test('signals that mean nothing to it go on to the program', async () => {
    write('c.hcl', configuration('a'));
    write(
      'run.sh',
      `trap 'echo heard > ${join(dir, 'heard')}; exit 3' USR2; echo $$ >> ${join(dir, 'started')}; while :; do sleep 0.02; done`,
    );
    const ran = render(['-config', 'c.hcl']);
    await expect.poll(() => started().length).toBe(1);
    arrive('SIGUSR2');
    expect((await ran).code).toBe(3);
    expect(read('heard')).toBe('heard\n');
  });
});

describe('the daemon', () => {
  let fixture: Fixture;
  beforeEach(async () => {
    fixture = await startApi();
    load(fixture);
  });
  afterEach(() => stopApi(fixture));

  const ask = (...flags: string[]) =>
    fairlead(['render', '-addr', `unix:${fixture.socket}`, ...flags], { cwd: dir });

  test('is asked when no Consul is named: its tasks, its host, its datacenter', async () => {
    write(
      't.ctmpl',
      '{{range tasks}}{{.Name}} {{.Health}} {{.Address}}\n{{end}}{{range nodes}}{{.Node}} {{.Address}} {{.Datacenter}}{{end}}',
    );
    expect(await ask('-once', '-template', 't.ctmpl:t.out')).toEqual({ code: 0, stdout: '', stderr: '' });
    const lines = (read('t.out') ?? '').split('\n');
    expect(lines.at(-1)).toBe('alpha 192.0.2.1 dc1');
    const names = FACTS.tasks.filter(({ health }) => health !== 'stopped').map(({ name }) => name);
    expect(
      lines
        .slice(0, -1)
        .map((line) => line.split(' ')[0])
        .sort(),
    ).toEqual(names.sort());
  });

  test('that is away ends the run', async () => {
    const flags = ['render', '-addr', `unix:${dir}/none.sock`, '-once', '-template', 'a.ctmpl:a.out'];
    expect((await fairlead(flags, { cwd: dir })).code).toBe(69);
  });
});

describe('Consul', () => {
  test.each([
    ['-consul-token', ['-consul-token', 'flag'], {}, 'flag'],
    ['-consul-token-file', ['-consul-token-file', 'token'], { CONSUL_HTTP_TOKEN: 'env' }, 'file'],
    ['CONSUL_HTTP_TOKEN', [], { CONSUL_HTTP_TOKEN: 'env' }, 'env'],
    ['CONSUL_HTTP_TOKEN_FILE', [], { CONSUL_HTTP_TOKEN_FILE: 'token' }, 'file'],
    ['CONSUL_TOKEN', [], { CONSUL_TOKEN: 'old' }, 'old'],
  ])('the token is that of %s', async (_, flags, env, token) => {
    const { address, heard } = await consul();
    write('token', 'file\n');
    write('k.ctmpl', '{{key "x"}}');
    const ran = await fairlead(
      ['render', '-once', '-consul-addr', address, '-template', 'k.ctmpl:k.out', ...flags],
      { cwd: dir, env },
    );
    expect(ran).toEqual({ code: 0, stdout: '', stderr: '' });
    expect(read('k.out')).toBe('1');
    expect(heard[0]).toMatchObject({ token });
  });

  test('-consul-auth, CONSUL_HTTP_ADDR, and what commands are given', async () => {
    const { address, heard } = await consul();
    write('k.ctmpl', '{{key "x"}}');
    const command = 'echo $CONSUL_HTTP_ADDR $CONSUL_HTTP_TOKEN $CONSUL_HTTP_AUTH $CONSUL_HTTP_SSL > log';
    const ran = await fairlead(
      [
        'render',
        '-once',
        '-consul-auth',
        'u:p',
        '-consul-token',
        't',
        '-template',
        `k.ctmpl:k.out:cd ${dir}; ${command}`,
      ],
      { cwd: dir, env: { PATH: process.env['PATH'], CONSUL_HTTP_ADDR: address } },
    );
    expect(ran).toEqual({ code: 0, stdout: '', stderr: '' });
    expect(heard[0]).toMatchObject({ authorization: `Basic ${Buffer.from('u:p').toString('base64')}` });
    expect(read('log')).toBe(`${address} t u:p false\n`);
  });

  test('-once asks each query once and lets none block, and goes on asking for a key that does not exist yet', async () => {
    let looks = 0;
    const { address, heard } = await consul((path) => {
      if (path === '/v1/kv/late') return looks++ === 0 ? undefined : PAIR;
      if (path === '/v1/agent/self') return { Config: { NodeName: 'n1' } };
      return path === '/v1/kv/x' ? PAIR : null;
    });
    write('k.ctmpl', '{{key "x"}}{{key "late"}}{{with node}}{{end}}{{keyOrDefault "none/of this" "3"}}');
    const flags = ['render', '-once', '-consul-addr', address, '-template', 'k.ctmpl:k.out'];
    expect(await fairlead(flags, { cwd: dir, env: {} })).toEqual({ code: 0, stdout: '', stderr: '' });
    expect(heard.map(({ url }) => url).sort()).toEqual([
      '/v1/agent/self',
      '/v1/catalog/node/n1?stale=',
      '/v1/kv/late?stale=',
      '/v1/kv/late?stale=',
      '/v1/kv/none/of%20this?stale=',
      '/v1/kv/x?stale=',
    ]);
    expect(read('k.out')).toBe('113');
  });

  test('-consul-retry-attempts: Consul that is away ends a run with 14', async () => {
    write('k.ctmpl', '{{key "x"}}');
    const ran = await render(['-once', '-q', '-consul-retry-attempts', '2', '-template', 'k.ctmpl:k.out']);
    expect(ran.code).toBe(14);
    expect(ran.stderr).toContain('kv.block(x): ');
    expect(read('k.out')).toBeUndefined();
  });
});

describe('-config', () => {
  const template = (name: string) => `template { source = "${name}.ctmpl" destination = "${name}.out" }\n`;

  test('HCL, JSON, and a directory: every file below it in the order of names, links not followed', async () => {
    write('one.hcl', template('a'));
    expect((await render(['-once', '-config', 'one.hcl'])).code).toBe(0);
    expect(read('a.out')).toBe('a');
    write('two.json', JSON.stringify({ template: [{ source: 'b.ctmpl', destination: 'b.out' }] }));
    expect((await render(['-once', '-config', 'two.json'])).code).toBe(0);
    expect(read('b.out')).toBe('b');
    mkdirSync(join(dir, 'conf/sub'), { recursive: true });
    write('conf/10.hcl', 'once = true\ntemplate { contents = "x" destination = "x.out" }');
    write('conf/sub/20.hcl', 'template { contents = "y" destination = "y.out" }');
    symlinkSync(join(dir, 'one.hcl'), join(dir, 'conf/30.hcl'));
    rmSync(join(dir, 'a.out'));
    expect((await render(['-config', 'conf'])).code).toBe(0);
    expect([read('x.out'), read('y.out'), read('a.out')]).toEqual(['x', 'y', undefined]);
  });

  test("Fairlead's own YAML, whose paths start from the file", async () => {
    mkdirSync(join(dir, 'own'));
    write('own/y.ctmpl', '[[1]] {{2}}');
    const template = { source: 'y.ctmpl', destination: '../y.out', delimiters: ['[[', ']]'] };
    write('own/fairlead.yaml', JSON.stringify({ render: { templates: [template] } }));
    expect(await render(['-once', '-config', 'own/fairlead.yaml'])).toMatchObject({ code: 0, stderr: '' });
    expect(read('y.out')).toBe('1 {{2}}');
    write('own/fairlead.yaml', 'render:\n  templates:\n    - sorce: x\n');
    const bad = await render(['-once', '-config', 'own/fairlead.yaml']);
    expect(bad.code).toBe(15);
    expect(bad.stderr).toContain('fairlead.yaml:3:');
  });

  test('flags beat files; templates of both are rendered', async () => {
    write('one.hcl', `once = true\nwait = "1h:2h"\n${template('a')}`);
    expect((await render(['-config', 'one.hcl', '-template', 'b.ctmpl:b.out', '-wait', '1ms'])).code).toBe(0);
    expect([read('a.out'), read('b.out')]).toEqual(['a', 'b']);
  });

  test('CT_LOCAL_CONFIG is a whole configuration', async () => {
    const ran = await render(['-once'], { env: { CT_LOCAL_CONFIG: template('a') } });
    expect(ran).toEqual({ code: 0, stdout: '', stderr: '' });
    expect(read('a.out')).toBe('a');
    const bad = await render(['-once'], { env: { CT_LOCAL_CONFIG: 'tempalte {}' } });
    expect(bad).toMatchObject({
      code: 15,
      stderr: 'fairlead: CT_LOCAL_CONFIG:1: unknown key tempalte; did you mean template?\n',
    });
  });

  test.each([
    ['template { source = "a" }', 'c.hcl:1: a template needs a destination'],
    ['template { destination = "a" }', 'c.hcl:1: a template needs source or contents'],
    [
      'template { source = "a" contents = "b" destination = "c" }',
      'c.hcl:1: a template has source or contents, not both',
    ],
    ['\nvault { address = "x" }', 'c.hcl:2: Vault is not supported: render secrets with another tool'],
    ['wait {\n  enabled = 1\n}', 'c.hcl:2: enabled must be true or false'],
    ['consul {\n retry { attempts = "x" } }', 'c.hcl:2: attempts must be a whole number'],
    [
      'template {\n source = "a"\n destination = "b"\n min_instances = -1 }',
      'c.hcl:4: min_instances must be a whole number',
    ],
    ['kill_signal = "SIGNOPE"', 'c.hcl:1: kill_signal must be a signal, such as "SIGHUP"'],
    ['consul { token_file = "none" }', 'c.hcl:1: DIR/none: the file does not exist; check the path'],
    [
      'template {\n contents = "a"\n destination = "o"\n}\ntemplate {\n contents = "b"\n destination = "o"\n}',
      'c.hcl:6: DIR/o is the destination of another template, too (c.hcl:2); each template needs a file of its own',
    ],
  ])('a mistake ends with 15 and names its line: %j', async (text, message) => {
    write('c.hcl', text);
    const ran = await render(['-config', 'c.hcl']);
    expect({ ...ran, stderr: ran.stderr.replaceAll(dir, 'DIR') }).toEqual({
      code: 15,
      stdout: '',
      stderr: `fairlead: ${message}\n`,
    });
  });

  test('a file that is not there ends with 15', async () => {
    expect(await render(['-config', 'none.hcl'])).toEqual({
      code: 15,
      stdout: '',
      stderr: 'fairlead: none.hcl: the file does not exist; check the path\n',
    });
  });
});
