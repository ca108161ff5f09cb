import { mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { canonicalIp } from '../../../src/net/ip.js';
import type { Client } from './client-network.js';
import { must, run } from './command.js';
import { suiteRoot } from './workspace.js';

const fixtures = fileURLToPath(new URL('../fixtures/stubs', import.meta.url));
const root = fileURLToPath(new URL('../../..', import.meta.url));

/** Longer than any answer takes, shorter than any stub waits for one that does not come (milliseconds). */
const LATE = 1_800;

/** The stub resolvers that are asked by a program of ours: two C libraries, Go's, Java's and c-ares (Node.js). */
export type StubName = 'glibc' | 'musl' | 'Go' | 'Java' | 'c-ares';

export interface Stub {
  /** What it was compiled with or runs on, for the reader of a failure. */
  readonly version: string;
  /**
   * Asks `addr:NAME`, `srv:NAME` and `ptr:ADDRESS`, one after the other. What each gives: its data, sorted; or a word:
   * `absent` (no such name), `empty` (no data), `none` (one of these two, from a stub that does not distinguishes them),
   * `again` (no answer now). A list with `late` at its end took as long as a stub waits for a lost packet.
   */
  ask(client: Client, asks: readonly string[]): Promise<ReadonlyMap<string, readonly string[]>>;
  /** An answer in the words of this stub: `none` for `absent` and `empty` where it does not distinguishes them. */
  words(answer: readonly string[]): readonly string[];
}

/** Builds all of them below `dir`. */
export async function buildStubs(dir: string): Promise<Readonly<Record<StubName, Stub>>> {
  const source = (name: string): string => join(fixtures, name);
  const goCache = join(suiteRoot, 'go-build');
  mkdirSync(goCache, { recursive: true });
  const goEnvironment = {
    ...process.env,
    CGO_ENABLED: '0',
    GO111MODULE: 'off',
    GOTOOLCHAIN: 'local',
    GOCACHE: goCache,
  };
  await Promise.all([
    must('gcc', ['-O2', '-o', join(dir, 'glibc'), source('libc.c')]),
    must('musl-gcc', ['-static', '-O2', '-o', join(dir, 'musl'), source('libc.c')]),
    must('javac', ['-d', dir, source('Stub.java')]),
    must('go', ['build', '-o', join(dir, 'go'), source('stub.go')], {
      env: goEnvironment,
      timeout: 180_000,
    }),
  ]);
  const java = ['-Xshare:auto', '-XX:TieredStopAtLevel=1', '-XX:+UseSerialGC', '-cp', dir, 'Stub'];
  return {
    glibc: stub(await said('ldd', '--version'), exact, join(dir, 'glibc')),
    musl: stub(await said(muslLoader()), vague, join(dir, 'musl')),
    Go: stub(await said('go', 'version'), vague, join(dir, 'go')),
    Java: stub(await said('java', '-version'), vague, 'java', ...java),
    'c-ares': stub(process.versions.ares, exact, process.execPath, '--import', 'tsx', source('c-ares.ts')),
  };
}

type Words = (answer: readonly string[]) => readonly string[];
const exact: Words = (answer) => answer;
const vague: Words = (answer) =>
  answer.map((word) => (word === 'absent' || word === 'empty' ? 'none' : word));

/** The dynamic loader comes with the library that static programs are linked with, and tells its version. */
function muslLoader(): string {
  const name = readdirSync('/lib').find((file) => /^ld-musl-.*\.so\.1$/.test(file));
  if (name === undefined) throw new Error('/lib/ld-musl-*.so.1 is not there: install the package musl');
  return join('/lib', name);
}

/** The first number of the form 1.2 or 1.2.3 in what a command prints, whether it calls that an error or not. */
async function said(file: string, ...args: readonly string[]): Promise<string> {
  const { stdout, stderr } = await run(file, args);
  return /\d+\.\d+(?:\.\d+)*/.exec(`${stdout}\n${stderr}`)?.[0] ?? 'of unknown version';
}

function stub(version: string, words: Words, file: string, ...args: readonly string[]): Stub {
  return {
    version,
    words,
    async ask(client, asks) {
      const { stdout, stderr, code } = await client.run(file, [...args, ...asks], { cwd: root });
      if (code !== 0) throw new Error(`${file} ${asks.join(' ')}: exit ${code}: ${stderr}`);
      const answers = stdout.trim().split('\n').map(answerIn);
      return new Map(answers.map(([ask, answer]) => [ask, words(answer)]));
    },
  };
}

/** The programs in fixtures/stubs print: the ask, milliseconds, `ok` or a word, data with commas; tabs between them. */
function answerIn(line: string): readonly [ask: string, answer: readonly string[]] {
  const [ask = '', milliseconds = '', word = '', data = ''] = line.split('\t');
  const answer = word === 'ok' ? data.split(',').filter(Boolean).map(shortest).sort() : [word];
  return [ask, Number(milliseconds) < LATE ? answer : [...answer, 'late']];
}

/** Java writes addresses in full, and its names, like Go's, end with a dot. */
const shortest = (text: string): string => canonicalIp(text) ?? text.replace(/\.$/, '');
