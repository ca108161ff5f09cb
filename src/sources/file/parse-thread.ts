import { Worker } from 'node:worker_threads';
import { errorMessage } from '../../net/error-message.js';
import { parseServicesFile, type ParseResult } from './parse.js';

/** Parsing a shorter text takes less time than starting a thread. */
const SHORT_TEXT = 32_768;
/** How long parsing may take, in milliseconds. On a busy machine it takes longer, and the thread blocks nothing. */
const LONGEST_MS = 600_000;

const SCRIPT = new URL('./parse-worker.js', import.meta.url);

export interface ParseInput {
  readonly text: string;
  readonly environment: string;
}

/**
 * Parses a services file, a long one in its own thread. The YAML parser takes seconds for a large file, and the daemon
 * could answer nothing meanwhile. Never rejects.
 * @param script the thread's script, for tests; by default the compiled file beside this one, which exists only in a
 * build
 */
export async function parseServices(input: ParseInput, script?: URL): Promise<ParseResult> {
  const isBuilt = !import.meta.url.endsWith('.ts');
  if (input.text.length < SHORT_TEXT || (!isBuilt && !script))
    return parseServicesFile(input.text, input.environment);
  return parseOnThread(input, script ?? SCRIPT);
}

function parseOnThread(input: ParseInput, script: URL): Promise<ParseResult> {
  return new Promise((resolve) => {
    const failed = (why: string) => {
      const message = `cannot be read as YAML: ${why}; make the file smaller`;
      resolve({ ok: false, faults: [{ line: 1, column: 1, message }] });
    };
    const worker = new Worker(script, { name: 'fairlead-yaml', workerData: input });
    const timer = setTimeout(() => {
      failed(`it took more than ${LONGEST_MS / 60_000} minutes`);
      void worker.terminate();
    }, LONGEST_MS);
    worker.once('message', (result: ParseResult) => resolve(result));
    worker.once('error', (error) => failed(errorMessage(error)));
    worker.once('exit', () => {
      clearTimeout(timer);
      failed('the thread that read it ended unexpectedly');
    });
  });
}
