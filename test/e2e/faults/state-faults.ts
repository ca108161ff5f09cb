import { execFileSync } from 'node:child_process';
import { appendFileSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { ended, onLoopback, until } from './fault-ground.js';
import { ADDRESS, kill, must, START_MS, wrongOf, type Fault } from './fault.js';

export const stateFaults: readonly Fault[] = [
  {
    done: '`kill -9` without a change since the start; the source is away at the next start',
    holds: 'names are answered from the saved catalog, which says that it is old',
    within: START_MS,
    run: onLoopback(async (ground) => {
      await kill(ground, await ground.start());
      rmSync(ground.path('services.yaml'));
      ground.launch();
      const heal = await ground.timeTo(ADDRESS);
      await until(async () => (await ground.cli('status')).code === 0);
      const { stdout } = await ground.cli('status', '-o', 'json');
      must(/"state":\s*"stale"/.test(stdout), `status does not say that the facts are old: ${stdout}`);
      return { wrong: wrongOf(await ground.ask()), heal };
    }),
  },
  {
    done: '`fairlead drain`, and `kill -9` as soon as it is acknowledged',
    holds: 'the drain is in force after the restart',
    within: START_MS,
    run: onLoopback(async (ground) => {
      const two = 'tasks: [{ name: w1, ip: 192.0.2.1 }, { name: w2, ip: 192.0.2.2 }]';
      ground.writeServices(`stacks: { shop: { services: { web: { ${two} } } } }\n`);
      const first = await ground.start();
      must((await ground.cli('drain', 'w2')).code === 0, 'the drain was refused');
      first.kill('SIGKILL');
      await ended(first);
      await ground.start();
      const heal = await ground.timeTo(ADDRESS);
      return { wrong: wrongOf(await ground.ask()), heal };
    }),
  },
  {
    done: 'a damaged state file',
    holds: 'the daemon starts from its sources, and keeps the file aside',
    within: START_MS,
    run: onLoopback(async (ground) => {
      const state = ground.path('state', 'catalog.json');
      await kill(ground, await ground.start());
      const whole = readFileSync(state, 'utf8');
      writeFileSync(state, whole.slice(0, whole.length / 2));
      ground.launch();
      const heal = await ground.timeTo(ADDRESS);
      must(readFileSync(`${state}.unusable`, 'utf8').length === Math.floor(whole.length / 2), 'no backup');
      return { wrong: wrongOf(await ground.ask()), heal };
    }),
  },
  {
    done: 'a services file with a mistake at the very first start',
    holds: 'its other services are served, and `status` says what is not',
    within: START_MS,
    run: onLoopback(async (ground) => {
      const good = 'web: { tasks: [{ name: w1, ip: 192.0.2.1 }] }';
      ground.writeServices(`stacks: { shop: { services: { ${good}, api: { prots: [80] } } } }\n`);
      ground.launch();
      const heal = await ground.timeTo(ADDRESS);
      await until(async () =>
        (await ground.cli('status', '-o', 'json')).stdout.includes('the rest of the file is served'),
      );
      return { wrong: wrongOf(await ground.ask()), heal };
    }),
  },
  {
    done: 'a named pipe where the services file was',
    holds: 'it blocks nothing: names are answered and the API works',
    within: START_MS,
    run: onLoopback(async (ground) => {
      await ground.start();
      rmSync(ground.path('services.yaml'));
      execFileSync('mkfifo', [ground.path('services.yaml')]);
      const begun = performance.now();
      await until(async () =>
        (await ground.cli('status', '-o', 'json')).stdout.includes('is not a regular file'),
      );
      return { wrong: wrongOf(await ground.ask()), heal: performance.now() - begun };
    }),
  },
  {
    done: 'no room on the disk of the state directory',
    holds:
      'names are answered, `fairlead drain` says that a restart would forget it, `status` shows it, and all is written when there is room',
    within: START_MS,
    needs: ['mount', 'umount'],
    run: onLoopback(async (ground) => {
      const state = ground.path('state');
      mkdirSync(state);
      execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=256k', 'none', state]);
      ground.onClose(() => execFileSync('umount', ['--lazy', state]));
      await ground.start();
      const filler = join(state, 'filler');
      const full = () => {
        try {
          appendFileSync(filler, Buffer.alloc(4096));
          return false;
        } catch {
          return true;
        }
      };
      await until(full);
      const traffic = await ground.under(async () => {
        must((await ground.cli('drain', 'w1')).code !== 0, 'the drain was acknowledged');
        await until(async () => (await ground.status()).state.error?.includes('ENOSPC') === true);
        must((await ground.cli('undrain', 'w1')).code !== 0, 'the end of the drain was acknowledged');
      }, 'any');
      rmSync(filler);
      const begun = performance.now();
      await until(async () => (await ground.status()).state.error === undefined);
      const heal = performance.now() - begun;
      must(traffic.unanswered === 0, `${traffic.unanswered} queries went unanswered`);
      await until(() => readFileSync(join(state, 'catalog.json'), 'utf8').includes(ADDRESS));
      return { traffic, wrong: wrongOf(await ground.ask()), heal };
    }),
  },
  {
    done: 'the clock is set back by an hour while a task is drained for two seconds',
    holds: 'the drain ends in time',
    within: 10_000,
    run: onLoopback(async (ground) => {
      const offset = ground.path('offset');
      const preload = ground.path('clock.mjs');
      writeFileSync(offset, '0');
      writeFileSync(preload, SHIFTED_CLOCK);
      ground.environment = { NODE_OPTIONS: `--import ${preload}`, CLOCK_OFFSET: offset };
      await ground.start();
      must((await ground.cli('drain', 'w1', '--for', '2s')).code === 0, 'the drain was refused');
      const begun = performance.now();
      writeFileSync(offset, String(-3_600_000));
      await until(async () => Date.parse((await ground.status()).now) < Date.now() - 3_000_000);
      await until(async () => (await ground.ask(undefined, 200)) === ADDRESS);
      return { wrong: wrongOf(await ground.ask()), heal: performance.now() - begun };
    }),
  },
];

/** Shifts the wall clock of a process by what a file says, in ms. */
const SHIFTED_CLOCK = `
import { readFileSync } from 'node:fs';
const RealDate = Date;
const shift = () => Number(readFileSync(process.env.CLOCK_OFFSET, 'utf8')) || 0;
const now = () => RealDate.now() + shift();
globalThis.Date = class extends RealDate {
  constructor(...values) {
    super(...(values.length === 0 ? [now()] : values));
  }
  static now() {
    return now();
  }
};
`;
