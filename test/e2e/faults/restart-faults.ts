import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { performance } from 'node:perf_hooks';
import { openNotifySocket } from '../../support/notify-socket.js';
import { ended, onLoopback, pause, until } from './fault-ground.js';
import { ADDRESS, must, START_MS, wrongOf, type Fault } from './fault.js';

export const restartFaults: readonly Fault[] = [
  {
    done: 'restart with `fairlead run --takeover` at 1,000 queries a second, three times',
    holds: 'no query goes unanswered',
    within: 3 * START_MS,
    run: onLoopback(async (ground) => {
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
    }),
  },
  {
    done: 'a successor is killed before it serves',
    holds: 'the running daemon continues, and keeps its API and its lock',
    within: START_MS,
    run: onLoopback(async (ground) => {
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
    }),
  },
  {
    done: 'a second `fairlead run` with the same configuration',
    holds: 'it ends with "already running, pid N", and the first one notices nothing',
    within: START_MS,
    run: onLoopback(async (ground) => {
      const first = await ground.start();
      const traffic = await ground.under(async () => {
        const second = ground.launch();
        must((await ended(second.child)) === 1, 'it did not end with exit code 1');
        must(second.output().includes(`already running, pid ${first.pid ?? 0}`), second.output());
      });
      must(traffic.unanswered === 0, `${traffic.unanswered} queries went unanswered`);
      return { traffic, wrong: traffic.wrong };
    }),
  },
  {
    done: 'SIGTERM',
    holds: 'names are answered until the process ends',
    within: START_MS,
    run: onLoopback(async (ground) => {
      const child = await ground.start();
      const begun = performance.now();
      child.kill('SIGTERM');
      let wrong = 0;
      let answeredAt = begun;
      while (child.exitCode === null) {
        const answer = await ground.ask(undefined, 300);
        if (answer === undefined) continue;
        answeredAt = performance.now();
        wrong += wrongOf(answer);
      }
      must((await ended(child)) === 0, 'it did not end in good order');
      // On a busy machine its last words take their time.
      must(performance.now() - answeredAt < 5000, 'it went on for seconds without answering');
      return { wrong, heal: performance.now() - begun };
    }),
  },
  {
    done: '`fairlead restart` at 1,000 queries a second, followed as systemd follows a unit',
    holds: 'no query goes unanswered; the new process is the main one of the unit before the old one ends',
    within: START_MS,
    run: onLoopback(async (ground) => {
      const manager = await openNotifySocket();
      if (!manager) throw new Error('the C library cannot be called');
      ground.onClose(() => manager.close());
      ground.environment = { NOTIFY_SOCKET: manager.path };
      const first = await ground.start();
      const begun = performance.now();
      let next = 0;
      const traffic = await ground.under(async () => {
        const { code, stdout } = await ground.cli('restart', '-o', 'json');
        must(code === 0, `fairlead restart ended with ${code ?? 'a signal'}`);
        next = (JSON.parse(stdout) as { pid: number }).pid;
        ground.adopt(next);
        must(next !== first.pid, 'no other process serves');
        must((await ended(first)) === 0, 'the predecessor did not end in good order');
      });
      const heal = performance.now() - begun;
      const told = manager.told().map((message) => /^MAINPID=(\d+)$/m.exec(message)?.[1]);
      must(told.join() === `${first.pid ?? 0},${next}`, `the service manager was told of ${told.join()}`);
      must(traffic.unanswered === 0, `${traffic.unanswered} of ${traffic.sent} queries went unanswered`);
      return { traffic, wrong: traffic.wrong, heal };
    }),
  },
  {
    done: '`fairlead restart` when the configuration has become invalid',
    holds: 'nothing changes, and the command says so',
    within: START_MS,
    run: onLoopback(async (ground) => {
      const first = await ground.start();
      const traffic = await ground.under(async () => {
        writeFileSync(ground.path('fairlead.yaml'), 'dns: { lisen: [] }\n');
        must((await ground.cli('restart')).code === 1, 'the command did not say that it failed');
        must((await ground.status()).pid === first.pid, 'another process serves');
      });
      must(traffic.unanswered === 0, `${traffic.unanswered} queries went unanswered`);
      return { traffic, wrong: traffic.wrong };
    }),
  },
  {
    done: 'SIGHUP fifty times a second from the first instant of the process',
    holds: 'the daemon starts and serves',
    within: START_MS,
    run: onLoopback(async (ground) => {
      const begun = performance.now();
      const { child } = ground.launch();
      // The shell that sets limits has become Node when Node's own signals are blocked or caught.
      const name = () => readFileSync(`/proc/${child.pid ?? 0}/comm`, 'utf8').trim();
      await until(() => name() === 'node' || name() === 'MainThread');
      await until(() => catchesHangUp(child.pid ?? 0));
      for (let n = 0; n < 50; n++) {
        child.kill('SIGHUP');
        await pause(20);
      }
      const isOver = () => child.exitCode !== null || child.signalCode !== null;
      await until(async () => isOver() || (await ground.ask(undefined, 200)) === ADDRESS);
      must(!isOver(), 'it ended');
      return { wrong: wrongOf(await ground.ask()), heal: performance.now() - begun };
    }),
  },
];

/** Whether a process has a handler for SIGHUP (proc_pid_status(5)): before that, any program ends. */
function catchesHangUp(pid: number): boolean {
  const caught = /^SigCgt:\s*([0-9a-f]+)$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? '0';
  return (BigInt(`0x${caught}`) & 1n) === 1n;
}
