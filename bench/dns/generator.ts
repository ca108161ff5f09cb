import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { FIRST_CLIENT } from './scenario.js';

const run = promisify(execFile);

/** What load.c tells. */
export interface LoadReport {
  readonly sent: number;
  readonly answered: number;
  readonly lost: number;
  /** Replies to nothing that was asked, or too late. */
  readonly stray: number;
  /** Replies marked as cut. */
  readonly truncated: number;
  /** Queries that fell due while the machine had the generator's core for something else; with a rate only. */
  readonly skipped: number;
  readonly seconds: number;
  readonly qps: number;
  /** Records in the answer section, and bytes, of a reply; means. */
  readonly records: number;
  readonly octets: number;
  /** The part of its core that the generator used. */
  readonly busy: number;
  /** With a rate only. */
  readonly p50_us?: number;
  readonly p99_us?: number;
  readonly rcodes: Readonly<Record<string, number>>;
}

/** Whom to ask, and what: the file of queries. */
export interface LoadTarget {
  readonly port: number;
  readonly queries: string;
  readonly clients: number;
}

/** `window`: so many queries out at a time; `rate`: so many a second; `once`: each query until it was answered. */
export type LoadMode = 'window' | 'rate' | 'once';

export interface Generator {
  /** @throws Error when not every query was answered once, or the program failed */
  load(target: LoadTarget, mode: LoadMode, number: number, seconds: number): Promise<LoadReport>;
  /** @param queries in dnsperf's own form @returns queries answered, and a second */
  dnsperf(
    port: number,
    queries: string,
    edns: boolean,
    seconds: number,
  ): Promise<{ answered: number; qps: number }>;
}

/** @param program the compiled load.c */
export function createGenerator(program: string, core: number): Generator {
  const pinned = (command: string, args: readonly (string | number)[]) =>
    run('taskset', ['-c', String(core), command, ...args.map(String)]);
  return {
    async load({ port, queries, clients }, mode, number, seconds) {
      const args = ['127.0.0.1', port, queries, FIRST_CLIENT, clients, mode, Math.round(number), seconds];
      const { stdout } = await pinned(program, args);
      return JSON.parse(stdout) as LoadReport;
    },
    async dnsperf(port, queries, edns, seconds) {
      const args = ['-s', '127.0.0.1', '-p', port, '-d', queries, '-l', seconds, '-c', 8, '-T', 1, '-q', 128];
      const { stdout } = await pinned('dnsperf', edns ? [...args, '-e'] : args);
      const figure = (label: string) => Number(new RegExp(`${label}:\\s+([\\d.]+)`).exec(stdout)?.[1]);
      return { answered: figure('Queries completed'), qps: figure('Queries per second') };
    },
  };
}
