import { expect, test } from 'vitest';
import { readConsulTemplateConfig } from '../../src/render/consul-template-config.js';

const EVERYTHING = `
consul {
  address = "127.0.0.1:8500"
  namespace = "ns"
  token = "t"
  auth { enabled = true username = "u" password = "p" }
  retry { enabled = true attempts = 5 backoff = "1s" max_backoff = "1m" }
  transport { dial_timeout = "1s" }
}
reload_signal = "SIGUSR1"
kill_signal = "TERM"
max_stale = "10m"
block_query_wait = "60s"
log_level = "warn"
log_file { path = "x" }
syslog { enabled = false }
pid_file = "run.pid"
once = true
parse_only = false
template_error_fatal = true
err_on_failed_lookup = false
deduplicate { enabled = true }
default_delimiters { left = "<<" right = ">>" }
wait { min = "5s" }
exec {
  command = ["nginx", "-g", "daemon off;"]
  splay = "2s"
  kill_signal = "SIGQUIT"
  kill_timeout = "9s"
  reload_signal = "SIGHUP"
  env { pristine = true custom = ["A=b"] allowlist = ["PATH"] denylist = ["SECRET_*"] }
}
template {
  source = "in.ctmpl"
  destination = "out"
  create_dest_dirs = false
  perms = 0640
  user = "www"
  group = "web"
  backup = true
  command = ["nginx -s reload"]
  command_timeout = "7s"
  wait = "1s:3s"
  error_on_missing_key = true
  error_fatal = false
  left_delimiter = "[["
  right_delimiter = "]]"
  function_denylist = ["plugin"]
  sandbox_path = "box"
}
template {
  contents = "x"
  destination = "other"
  exec {
    command = ["a", "b"]
    timeout = "4s"
    kill_signal = "SIGTERM"
    kill_timeout = "1s"
    reload_signal = "SIGHUP"
    splay = "1s"
    env { custom = ["X=y"] }
  }
}
`;

test('every key of consul-template is read, does what it says, or is passed over', () => {
  const request = readConsulTemplateConfig(EVERYTHING, 'c.hcl', (path) => `/work/${path}`);
  const { targets, ...rest } = request;
  expect(rest).toEqual({
    consulAddress: '127.0.0.1:8500',
    consulToken: 't',
    consulAuth: 'u:p',
    retryAttempts: 5,
    reloadSignal: 'SIGUSR1',
    killSignal: 'SIGTERM',
    pidFile: '/work/run.pid',
    once: true,
    parseOnly: false,
    wait: { min: 5000, max: 20_000 },
    exec: {
      command: ['nginx', '-g', 'daemon off;'],
      splayMs: 2000,
      killSignal: 'SIGQUIT',
      killTimeoutMs: 9000,
      reloadSignal: 'SIGHUP',
      restart: 'give up',
      environment: { pristine: true, custom: ['A=b'], allow: ['PATH'], deny: ['SECRET_*'] },
    },
  });
  expect(targets).toEqual([
    {
      source: { file: '/work/in.ctmpl' },
      destination: '/work/out',
      origin: 'c.hcl:34',
      createDirectories: false,
      mode: 0o640,
      user: 'www',
      group: 'web',
      backup: true,
      command: 'nginx -s reload',
      commandTimeoutMs: 7000,
      wait: { min: 1000, max: 3000 },
      errorOnMissingKey: true,
      minInstances: 0,
      delimiters: { left: '[[', right: ']]' },
      deniedFunctions: ['plugin'],
      sandbox: '/work/box',
    },
    {
      source: { text: 'x', name: 'c.hcl:52' },
      destination: '/work/other',
      origin: 'c.hcl:52',
      createDirectories: true,
      backup: false,
      command: ['a', 'b'],
      commandTimeoutMs: 4000,
      environment: { pristine: false, custom: ['X=y'], allow: [], deny: [] },
      wait: { min: 5000, max: 20_000 },
      errorOnMissingKey: false,
      minInstances: 0,
      delimiters: { left: '<<', right: '>>' },
      deniedFunctions: [],
    },
  ]);
});

test('an exec block that is switched off is none', () => {
  const request = readConsulTemplateConfig('exec { enabled = false command = "x" }', 'c.hcl', (path) => path);
  expect(request.exec).toBeUndefined();
});
