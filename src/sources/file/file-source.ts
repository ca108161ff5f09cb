import { createHash } from 'node:crypto';
import { basename } from 'node:path';
import type { Facts, FactSink, Source } from '../../catalog/facts.js';
import type { Problem } from '../../catalog/model.js';
import { ToldFacts } from '../../catalog/told-facts.js';
import { errorMessage } from '../../net/error-message.js';
import type { FileFault } from './parse.js';
import { parseServices } from './parse-thread.js';
import { readServices } from './read-services.js';
import { watchFile } from '../../text/file-watch.js';

export interface FileSourceOptions {
  /** Absolute path of the services file. */
  readonly path: string;
  readonly environment: string;
  /** Milliseconds since the epoch. */
  readonly clock?: () => number;
  readonly parse?: typeof parseServices;
}

/** How long to wait before reading a file again that could not be read, in milliseconds. */
const RETRY_MS = 2000;

/**
 * Watches a file of services. If a new version has mistakes, the facts of the last good version stay. If there was
 * none, the parts without mistakes are served. Each mistake is shown with line and column until it is fixed.
 */
export function createFileSource({
  path,
  environment,
  clock = Date.now,
  parse = parseServices,
}: FileSourceOptions): Source {
  const file = basename(path);
  let watch: { close(): void } | undefined;
  let retry: NodeJS.Timeout | undefined;
  /** A print of the text that was read last. */
  let last: string | undefined;
  let goodAt: number | undefined;
  const told = new ToldFacts();
  let reading: Promise<void> = Promise.resolve();
  let isStopped = false;
  let failures = 0;

  const readNext = (sink: FactSink) => (reading = reading.then(() => (isStopped ? undefined : read(sink))));

  const tell = (sink: FactSink, facts: Facts): void => {
    const delta = told.next(facts);
    if (delta === 'all') sink.replace(facts, `${file} read`);
    else if (delta) sink.update({ ...delta, cause: `${file} read` });
  };

  const failed = (sink: FactSink, error: string, problems: readonly Problem[]) => {
    sink.update({ problems });
    told.problems = problems;
    const state = goodAt === undefined ? 'loading' : 'stale';
    sink.status({ state, error, detail: path, ...(goodAt === undefined ? {} : { asOf: goodAt }) });
  };

  const read = async (sink: FactSink): Promise<void> => {
    let text: string;
    try {
      text = await readServices(path);
    } catch (error) {
      last = undefined;
      failures += 1;
      const message = `${path}: ${errorMessage(error)}`;
      failed(sink, message, [{ code: 'file-unreadable', subject: file, message }]);
      // The watch does not notice permissions of parent directories, or a file system that is mounted again.
      clearTimeout(retry);
      if (!isStopped) retry = setTimeout(() => void readNext(sink), RETRY_MS).unref();
      return;
    }
    const print = createHash('sha1').update(text).digest('base64');
    if (print === last) return;
    last = print;
    const parsed = await parse({ text, environment });
    if (parsed.ok) {
      goodAt = clock();
      tell(sink, {
        ...parsed.facts,
        problems: parsed.warnings.map((each) => problemOf(file, each, each.code)),
      });
      sink.status({ state: 'live', detail: path });
      return;
    }
    failures += 1;
    const problems = parsed.faults.map((each) => problemOf(file, each, 'file-invalid'));
    const first = problems[0]?.message ?? file;
    if (goodAt !== undefined || sink.isRestored === true) {
      failed(sink, `${first}; the last good version stays in effect`, problems);
      return;
    }
    const { valid } = parsed;
    tell(sink, { tasks: [], services: [], clients: [], ...valid, problems });
    const served = valid ? 'the rest of the file is served' : 'nothing of the file is served';
    sink.status({
      state: 'stale',
      asOf: clock(),
      error: `${first}; ${served} until it is fixed`,
      detail: path,
    });
  };

  return {
    name: 'file',
    get failures() {
      return failures;
    },
    async start(sink) {
      watch = watchFile(path, () => void readNext(sink));
      await readNext(sink);
    },
    async stop() {
      isStopped = true;
      watch?.close();
      clearTimeout(retry);
      await reading;
    },
  };
}

function problemOf(file: string, { line, column, message }: FileFault, code: string): Problem {
  const subject = `${file}:${line}:${column}`;
  return { code, subject, message: `${subject}: ${message}` };
}
