import { readFile } from 'node:fs/promises';
import { basename } from 'node:path';
import { factDelta } from '../../catalog/fact-delta.js';
import type { Facts, FactSink, Source } from '../../catalog/facts.js';
import type { Problem } from '../../catalog/model.js';
import { fileFault } from '../../text/file-fault.js';
import { parseServicesFile, type FileFault } from './parse.js';
import { watchFile } from './file-watch.js';

export interface FileSourceOptions {
  /** Absolute path of the services file. */
  readonly path: string;
  readonly environment: string;
  /** Milliseconds since the epoch. */
  readonly clock?: () => number;
}

/**
 * Services from a file, watched. What does not parse changes nothing: the last good facts stay, and the mistake is shown
 * with line and column until it is mended.
 */
export function createFileSource({ path, environment, clock = Date.now }: FileSourceOptions): Source {
  const file = basename(path);
  let watch: { close(): void } | undefined;
  let last: string | undefined;
  let goodAt: number | undefined;
  /** What the sink has. */
  let told: Facts | undefined;
  let reading: Promise<void> = Promise.resolve();

  const failed = (sink: FactSink, error: string, problems: readonly Problem[]) => {
    sink.update({ problems });
    if (told) told = { ...told, problems };
    const state = goodAt === undefined ? 'loading' : 'stale';
    sink.status({ state, error, detail: path, ...(goodAt === undefined ? {} : { asOf: goodAt }) });
  };

  const read = async (sink: FactSink): Promise<void> => {
    let text: string;
    try {
      text = await readFile(path, 'utf8');
    } catch (error) {
      last = undefined;
      const message = `${path}: ${fileFault(error)}`;
      failed(sink, message, [{ code: 'file-unreadable', subject: file, message }]);
      return;
    }
    if (text === last) return;
    last = text;
    const parsed = parseServicesFile(text, environment);
    if (parsed.ok) {
      goodAt = clock();
      const problems = parsed.warnings.map((each) => problemOf(file, each, each.code));
      const facts: Facts = { ...parsed.facts, problems };
      const delta = told && factDelta(told, facts);
      if (!told) sink.replace(facts, `${file} read`);
      else if (delta) sink.update({ ...delta, cause: `${file} read` });
      told = facts;
      sink.status({ state: 'live', detail: path });
      return;
    }
    const problems = parsed.faults.map((each) => problemOf(file, each, 'file-invalid'));
    failed(sink, `${problems[0]?.message ?? file}; the last good version stays in force`, problems);
  };

  return {
    name: 'file',
    async start(sink) {
      const readNext = () => (reading = reading.then(() => read(sink)));
      watch = watchFile(path, () => void readNext());
      await readNext();
    },
    async stop() {
      watch?.close();
      await reading;
    },
  };
}

function problemOf(file: string, { line, column, message }: FileFault, code: string): Problem {
  const subject = `${file}:${line}:${column}`;
  return { code, subject, message: `${subject}: ${message}` };
}
