import { setTimeout as sleep } from 'node:timers/promises';
import { ask } from './ask.js';
import { start, type Started } from './processes.js';
import { encodeQuestion } from './question.js';
import { tailsFile } from './reply-tail.js';
import { scenarioOf } from './scenario.js';
import { freePort, writeInto, type Workshop } from './workshop.js';

/** The server that has the foreign names: the floor once more, on the generator's core, where it works only while caches fill. */
export async function startUpstream(
  workshop: Workshop,
  floor: string,
  core: number,
): Promise<{ readonly process: Started; readonly port: number }> {
  const scenario = scenarioOf('cached');
  const dir = workshop.room('upstream');
  const port = await freePort();
  const tails = writeInto(dir, 'tails', tailsFile(scenario.tails([])));
  const process = start({ command: floor, args: ['127.0.0.1', String(port), tails] }, core, `${dir}/output`);
  const question = scenario.questions([])[0];
  while (question && !(await ask(port, encodeQuestion(question), '127.0.0.1'))) {
    const ended = process.ended();
    if (ended !== undefined) throw new Error(`the upstream does not run: ${ended}`);
    await sleep(50);
  }
  return { process, port };
}
