import { spawn, type ChildProcess } from 'node:child_process';
import { Socket } from 'node:net';
import type { NftOutcome } from './nft.js';

const TIMEOUT_MS = 10_000;
/** A command that reads nothing from the kernel, and what its answer contains: then all before it is done. */
const [MARK, MARKED] = ['describe mark', /^.*datatype mark.*$/m];

/**
 * A running `nft -i`, in which each line is a transaction. A process for each would cost some 15 ms, of which the
 * kernel needs 13 to let go of what was deleted. It is started when it is needed and ends with this process.
 */
export class NftShell {
  #child: ChildProcess | undefined;
  #said = '';
  #onSaid: () => void = () => undefined;

  /** Carries out a line. Calls must not overlap. Never rejects. @param line commands, separated by `;` */
  run(line: string): Promise<NftOutcome> {
    const child = this.#child ?? this.#start();
    this.#said = '';
    return new Promise((resolve) => {
      const end = (outcome: NftOutcome): void => {
        clearTimeout(timer);
        this.#onSaid = () => undefined;
        resolve(outcome);
      };
      const timer = setTimeout(() => {
        this.close();
        child.kill('SIGKILL');
        end({ ok: false, why: 'nft does not answer' });
      }, TIMEOUT_MS);
      this.#onSaid = () => {
        if (this.#child !== child) end({ ok: false, why: firstError(this.#said) ?? 'nft ended by itself' });
        else if (MARKED.test(this.#said)) {
          const why = firstError(this.#said);
          end(why === undefined ? { ok: true, output: this.#said.replace(MARKED, '') } : { ok: false, why });
        }
      };
      child.stdin?.write(`${line}\n${MARK}\n`);
    });
  }

  /** The next line starts it again. */
  close(): void {
    this.#child?.stdin?.end();
    this.#child = undefined;
  }

  #start(): ChildProcess {
    // Errors and answers come in one stream, so that each belongs to its line.
    const child = spawn('/bin/sh', ['-c', 'exec nft -i 2>&1'], { stdio: ['pipe', 'pipe', 'ignore'] });
    this.#child = child;
    const over = (): void => {
      if (this.#child !== child) return;
      this.#child = undefined;
      this.#onSaid();
    };
    child.once('error', over);
    child.once('close', over);
    child.stdin.on('error', () => undefined);
    child.stdout.on('data', (chunk: Buffer) => {
      this.#said += chunk.toString();
      this.#onSaid();
    });
    child.unref();
    for (const pipe of [child.stdin, child.stdout]) if (pipe instanceof Socket) pipe.unref();
    return child;
  }
}

function firstError(said: string): string | undefined {
  return said.split('\n').find((line) => line.includes('Error: ') || line.includes('not found'));
}
