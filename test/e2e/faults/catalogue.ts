import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { performance } from 'node:perf_hooks';
import { ended, until, type FaultGround, type Traffic } from './fault-ground.js';

/** What a fault cost. */
export interface Outcome {
  readonly traffic?: Traffic;
  /** Answers that were wrong; 0 in each entry. */
  readonly wrong: number;
  /** Milliseconds until everything was as it should be. */
  readonly heal?: number;
}

/** One fault: what is done, what must hold, and within which time. */
export interface Fault {
  readonly done: string;
  readonly holds: string;
  /** Milliseconds; the limit for `heal`. */
  readonly within: number;
  /** @throws Error when what must hold does not */
  readonly run: (ground: FaultGround) => Promise<Outcome>;
}

const ADDRESS = '192.0.2.1';

/** A start of Node with all that Fairlead loads, on a busy machine. */
const START_MS = 30_000;

function must(holds: boolean, what: string): void {
  if (!holds) throw new Error(what);
}

const wrongOf = (answer: string | undefined, expected = ADDRESS): number => (answer === expected ? 0 : 1);

/** Ends a daemon as a power failure does, when it has saved what it knows. */
async function kill(ground: FaultGround, child: Awaited<ReturnType<FaultGround['start']>>): Promise<void> {
  const state = ground.path('state', 'catalog.json');
  await until(() => existsSync(state) && readFileSync(state, 'utf8').includes(ADDRESS));
  child.kill('SIGKILL');
  await ended(child);
}

export const faults: readonly Fault[] = [
  {
    done: 'restart with `fairlead run --takeover` at 1,000 queries a second, three times',
    holds: 'no query goes unanswered',
    within: 3 * START_MS,
    async run(ground) {
      let running = await ground.start();
      const begun = performance.now();
      const traffic = await ground.under(async () => {
        for (let round = 0; round < 3; round++) {
          const next = await ground.start('--takeover');
          must((await ended(running)) === 0, 'the predecessor did not end in good order');
          running = next;
        }
      });
      must(traffic.unanswered === 0, `${traffic.unanswered} of ${traffic.sent} queries went unanswered`);
      return { traffic, wrong: traffic.wrong, heal: performance.now() - begun };
    },
  },
  {
    done: 'a successor is killed before it serves',
    holds: 'the daemon that ran goes on, with its API and its lock',
    within: START_MS,
    async run(ground) {
      await ground.start();
      const { child, output } = ground.launch('--takeover');
      const traffic = await ground.under(async () => {
        await until(() => !existsSync(ground.path('api.sock')) || output().includes('Try'));
        child.kill('SIGKILL');
        await ended(child);
        await until(async () => (await ground.cli('status')).code === 0);
      });
      must(traffic.unanswered <= 5, `${traffic.unanswered} queries went unanswered`);
      const second = ground.launch();
      must((await ended(second.child)) === 1, 'a second daemon was not refused');
      return { traffic, wrong: traffic.wrong };
    },
  },
  {
    done: 'a second `fairlead run` with the same configuration',
    holds: 'it ends with "already running, pid N", and the first one notices nothing',
    within: START_MS,
    async run(ground) {
      const first = await ground.start();
      const traffic = await ground.under(async () => {
        const second = ground.launch();
        must((await ended(second.child)) === 1, 'it did not end with exit code 1');
        must(second.output().includes(`already running, pid ${first.pid ?? 0}`), second.output());
      });
      must(traffic.unanswered === 0, `${traffic.unanswered} queries went unanswered`);
      return { traffic, wrong: traffic.wrong };
    },
  },
  {
    done: '`kill -9` without a change since the start; the source is away at the next start',
    holds: 'names are answered from the saved catalog, which says that it is old',
    within: START_MS,
    async run(ground) {
      await kill(ground, await ground.start());
      rmSync(ground.path('services.yaml'));
      ground.launch();
      const heal = await ground.timeTo(ADDRESS);
      await until(async () => (await ground.cli('status')).code === 0);
      const { stdout } = await ground.cli('status', '-o', 'json');
      must(/"state":\s*"stale"/.test(stdout), `status does not say that the facts are old: ${stdout}`);
      return { wrong: wrongOf(await ground.ask()), heal };
    },
  },
  {
    done: '`fairlead drain`, and `kill -9` as soon as it is acknowledged',
    holds: 'the drain is in force after the restart',
    within: START_MS,
    async run(ground) {
      const two = 'tasks: [{ name: w1, ip: 192.0.2.1 }, { name: w2, ip: 192.0.2.2 }]';
      ground.writeServices(`stacks: { shop: { services: { web: { ${two} } } } }\n`);
      const first = await ground.start();
      must((await ground.cli('drain', 'w2')).code === 0, 'the drain was refused');
      first.kill('SIGKILL');
      await ended(first);
      await ground.start();
      const heal = await ground.timeTo(ADDRESS);
      return { wrong: wrongOf(await ground.ask()), heal };
    },
  },
  {
    done: 'a damaged state file',
    holds: 'the daemon starts from its sources, and keeps the file aside',
    within: START_MS,
    async run(ground) {
      const state = ground.path('state', 'catalog.json');
      await kill(ground, await ground.start());
      const whole = readFileSync(state, 'utf8');
      writeFileSync(state, whole.slice(0, whole.length / 2));
      ground.launch();
      const heal = await ground.timeTo(ADDRESS);
      must(readFileSync(`${state}.unusable`, 'utf8').length === Math.floor(whole.length / 2), 'no backup');
      return { wrong: wrongOf(await ground.ask()), heal };
    },
  },
  {
    done: 'a services file with a mistake at the very first start',
    holds: 'its other services are served, and `status` says what is not',
    within: START_MS,
    async run(ground) {
      const good = 'web: { tasks: [{ name: w1, ip: 192.0.2.1 }] }';
      ground.writeServices(`stacks: { shop: { services: { ${good}, api: { prots: [80] } } } }\n`);
      ground.launch();
      const heal = await ground.timeTo(ADDRESS);
      await until(async () =>
        (await ground.cli('status', '-o', 'json')).stdout.includes('the rest of the file is served'),
      );
      return { wrong: wrongOf(await ground.ask()), heal };
    },
  },
  {
    done: 'a named pipe where the services file was',
    holds: 'it blocks nothing: names are answered and the API works',
    within: START_MS,
    async run(ground) {
      await ground.start();
      rmSync(ground.path('services.yaml'));
      execFileSync('mkfifo', [ground.path('services.yaml')]);
      const begun = performance.now();
      await until(async () =>
        (await ground.cli('status', '-o', 'json')).stdout.includes('is not a regular file'),
      );
      return { wrong: wrongOf(await ground.ask()), heal: performance.now() - begun };
    },
  },
  {
    done: 'SIGTERM',
    holds: 'names are answered until the process ends',
    within: START_MS,
    async run(ground) {
      const child = await ground.start();
      const begun = performance.now();
      child.kill('SIGTERM');
      let wrong = 0;
      while (child.exitCode === null) {
        const answer = await ground.ask(undefined, 300);
        // Without an answer the process must have ended, or be about to.
        if (answer === undefined) break;
        wrong += wrongOf(answer);
      }
      const silent = performance.now();
      must((await ended(child)) === 0, 'it did not end in good order');
      must(performance.now() - silent < 1000, 'it went on for a second without answering');
      return { wrong, heal: performance.now() - begun };
    },
  },
];
