import { open } from 'node:fs/promises';
import { constants } from 'node:fs';
import { fileFault } from '../../text/file-fault.js';

/** Far above the size of any real services file: 10,000 services of ten tasks take a tenth of it. */
const LONGEST_MIB = 64;

/** Why a services file cannot be used, and what to do, as the end of a sentence that begins with its path. */
export class UnreadableFile extends Error {
  override readonly name = 'UnreadableFile';
}

/**
 * Reads a regular file. A pipe or a device at its path would block, or never end.
 * @throws UnreadableFile
 */
export async function readServices(path: string): Promise<string> {
  try {
    // Without O_NONBLOCK, opening a pipe waits for a program that writes to it.
    const file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
    try {
      const found = await file.stat();
      if (found.isDirectory()) throw Object.assign(new Error(), { code: 'EISDIR' });
      if (!found.isFile()) throw new UnreadableFile('is not a regular file; give the path of a regular file');
      if (found.size > LONGEST_MIB * 2 ** 20)
        throw new UnreadableFile(`has more than ${LONGEST_MIB} MiB; make it smaller`);
      return await file.readFile('utf8');
    } finally {
      await file.close();
    }
  } catch (error) {
    if (error instanceof UnreadableFile) throw error;
    throw new UnreadableFile(fileFault(error), { cause: error });
  }
}
