import { setTimeout as sleep } from 'node:timers/promises';
import { checkAnswers } from './ask.js';
import type { Generator, LoadTarget } from './generator.js';
import { start, type Program, type Started } from './processes.js';
import { dnsperfFile, queryFile, type Question } from './question.js';
import type { Scenario } from './scenario.js';
import type { ServerSpec } from './servers/spec.js';
import type { ContestantKey } from './summary.js';
import { freePort, hasProgram, writeInto, type Workshop } from './workshop.js';
import type { BenchService } from './zone.js';

/** A server that runs, answers rightly, and is warm. */
export interface Contestant {
  readonly key: ContestantKey;
  readonly title: string;
  readonly peer: boolean;
  readonly process: Started;
  readonly target: LoadTarget;
  /** Records in the answer section of a right reply; the mean over all questions. */
  readonly records: number;
  readonly dnsperf: string;
}

export interface Stage {
  readonly workshop: Workshop;
  readonly generator: Generator;
  readonly scenario: Scenario;
  readonly zone: readonly BenchService[];
  /** The port of the server with the foreign names. */
  readonly upstream: number;
  /** The core that servers are pinned to. */
  readonly core: number;
}

/** Reading 100,000 tasks takes the slowest about half a minute. */
const START_MS = 120_000;
const FILL_WINDOW = 32;
const WARM_WINDOW = 128;
/** Compilers that work as they go have seen enough by then. */
const WARM_SECONDS = 1;

/** @throws Error with one line that says why this server cannot take part */
export async function enter(spec: ServerSpec, stage: Stage): Promise<Contestant> {
  const { workshop, scenario, zone, upstream } = stage;
  if (spec.needs && !hasProgram(spec.needs.program))
    throw new Error(`${spec.needs.program} is not installed: ${spec.needs.install}`);
  const dir = workshop.room(spec.key);
  const port = await freePort();
  const write = (name: string, content: string | Buffer) => writeInto(dir, name, content);
  const site = { dir, port, zone, scenario, upstream, freePort, write };
  const program = await spec.launch(site);
  const questions = scenario.questions(zone).map((question) => spec.translate?.(question, site) ?? question);
  return admit({ key: spec.key, title: spec.title, peer: spec.peer, dir, port, program, questions }, stage);
}

/** A program that is to be started, and what it is to answer. */
export interface Entry {
  readonly key: ContestantKey;
  readonly title: string;
  readonly peer: boolean;
  readonly program: Program;
  readonly port: number;
  readonly dir: string;
  readonly questions: readonly Question[];
}

/** Starts a program, waits until its answers are right, and warms it up. */
export async function admit(
  { key, title, peer, program, port, dir, questions }: Entry,
  { generator, scenario, core }: Pick<Stage, 'generator' | 'scenario' | 'core'>,
): Promise<Contestant> {
  const { clients } = scenario;
  const process = start(program, core, `${dir}/output`);
  const target = { port, queries: writeInto(dir, 'queries', queryFile(questions)), clients };
  try {
    await untilRight(process, port, questions, clients);
    await generator.load(target, 'once', FILL_WINDOW, START_MS / 1000);
    await generator.load(target, 'window', WARM_WINDOW, WARM_SECONDS);
    const fault = await checkAnswers(port, questions, clients);
    if (fault !== undefined) throw new Error(`a wrong answer: ${fault}`);
  } catch (error) {
    await process.stop();
    throw error;
  }
  const records = questions.reduce((sum, { expected }) => sum + expected.length, 0) / questions.length;
  const dnsperf = writeInto(dir, 'dnsperf', dnsperfFile(questions));
  return { key, title, peer, process, target, records, dnsperf };
}

async function untilRight(
  process: Started,
  port: number,
  questions: readonly Question[],
  clients: number,
): Promise<void> {
  const giveUp = Date.now() + START_MS;
  for (;;) {
    const fault = await checkAnswers(port, questions, clients);
    if (fault === undefined) return;
    const ended = process.ended();
    if (ended !== undefined) throw new Error(ended);
    if (Date.now() > giveUp) throw new Error(`no right answer in ${START_MS / 1000} s: ${fault}`);
    await sleep(100);
  }
}
