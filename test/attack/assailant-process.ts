import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { Report } from './assailant.js';

const script = fileURLToPath(new URL('assailant.ts', import.meta.url));

export interface Assailant {
  /** The next report of this kind. @returns rejects when the process ends without one */
  next<K extends Report['kind']>(kind: K): Promise<Extract<Report, { kind: K }>>;
  stop(): void;
}

export function startAssailant(mode: 'drip' | 'flood', port: number, amount: number): Assailant {
  const child = fork(script, [mode, String(port), String(amount)], { execArgv: ['--import', 'tsx'] });
  const reports: Report[] = [];
  const waiting = new Set<() => void>();
  let ended: string | undefined;
  const wake = () => {
    for (const look of waiting) look();
  };
  child.on('message', (report: Report) => {
    reports.push(report);
    wake();
  });
  child.once('exit', (code) => {
    ended = `the attacking process ended with ${String(code)}`;
    wake();
  });
  return {
    next: <K extends Report['kind']>(kind: K) =>
      new Promise<Extract<Report, { kind: K }>>((resolve, reject) => {
        const isWanted = (report: Report): report is Extract<Report, { kind: K }> => report.kind === kind;
        const look = () => {
          const found = reports.find(isWanted);
          if (found) resolve(found);
          else if (ended !== undefined) reject(new Error(`${ended} before it was ${kind}`));
          else waiting.add(look);
        };
        look();
      }),
    stop() {
      if (child.exitCode === null) child.kill();
    },
  };
}
