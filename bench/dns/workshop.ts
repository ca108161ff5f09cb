import { execFileSync } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { accessSync, constants, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A temporary directory of the bench's, with what is made in it. */
export interface Workshop {
  readonly dir: string;
  /** Makes a program of a C source of this folder. @throws Error when there is no compiler, or it does not like the source */
  compile(source: string): string;
  /** An empty directory. */
  room(name: string): string;
  /** Takes everything away. */
  clear(): void;
}

/** @param sources the folder with the C sources */
export function createWorkshop(sources: string): Workshop {
  const dir = mkdtempSync(join(tmpdir(), 'fairlead-bench-dns-'));
  let rooms = 0;
  return {
    dir,
    compile(source) {
      const program = join(dir, source.replace(/\.c$/, ''));
      if (!hasProgram('cc')) throw new Error('no C compiler (cc); apt-get install gcc libc6-dev');
      execFileSync('cc', ['-O2', '-Wall', '-o', program, join(sources, source), '-lm'], { stdio: 'inherit' });
      return program;
    },
    room(name) {
      const path = join(dir, `${name}-${++rooms}`);
      mkdirSync(path);
      return path;
    },
    clear: () => rmSync(dir, { recursive: true, force: true }),
  };
}

export function writeInto(dir: string, name: string, content: string | Buffer): string {
  const path = join(dir, name);
  writeFileSync(path, content);
  return path;
}

/** Name servers are where only root's search path looks. */
export const SEARCH_PATH = `${process.env['PATH'] ?? ''}:/usr/local/sbin:/usr/sbin:/sbin`;

export function hasProgram(name: string): boolean {
  return SEARCH_PATH.split(':').some((folder) => {
    try {
      accessSync(join(folder, name), constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}

/** A UDP port of 127.0.0.1 that nobody has now. */
export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const socket = createSocket('udp4');
    socket.once('error', reject);
    socket.bind(0, '127.0.0.1', () => {
      const { port } = socket.address();
      socket.close(() => resolve(port));
    });
  });
}
