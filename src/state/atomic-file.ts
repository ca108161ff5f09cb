import { mkdir, open, readdir, readFile, rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';

const nodeFileSystem = { mkdir, open, rename, rm };

/** The file-system functions that writing a file needs. */
export type FileSystem = Readonly<typeof nodeFileSystem>;

/**
 * Replaces a file so that its path always leads to either the complete old content or the complete new content, even
 * after a power failure. Only the file's owner may read it.
 * @param content pieces of text or bytes; the event loop runs between two pieces
 * @throws the system's error; the file is then unchanged
 */
export async function writeAtomically(
  path: string,
  content: Iterable<string | Uint8Array>,
  fs: FileSystem = nodeFileSystem,
): Promise<void> {
  const temporary = `${path}.${process.pid}.tmp`;
  await fs.mkdir(dirname(path), { recursive: true, mode: 0o750 });
  try {
    const file = await fs.open(temporary, 'w', 0o600);
    try {
      for (const piece of content) await file.writeFile(piece);
      // The content must be on the disk before the name leads to it.
      await file.sync();
    } finally {
      await file.close();
    }
    await fs.rename(temporary, path);
  } catch (error) {
    await fs.rm(temporary, { force: true }).catch(() => undefined);
    throw error;
  }
  // The name itself is content of the directory.
  const directory = await fs.open(dirname(path), 'r');
  try {
    await directory.sync();
  } finally {
    await directory.close();
  }
}

/** Removes temporary files of processes that were killed while they wrote. Never throws. */
export async function removeLeftovers(path: string): Promise<void> {
  const directory = dirname(path);
  const names = await readdir(directory).catch(() => []);
  const isLeftover = (name: string) => name.startsWith(`${basename(path)}.`) && /\.\d+\.tmp$/.test(name);
  for (const name of names.filter(isLeftover))
    await rm(join(directory, name), { force: true }).catch(() => undefined);
}

/**
 * Reads a file, after removing what a write that broke off has left beside it.
 * @returns undefined when there is none
 * @throws the system's error
 */
export async function readIfThere(path: string): Promise<Buffer | undefined> {
  await removeLeftovers(path);
  try {
    return await readFile(path);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined;
    throw error;
  }
}

/**
 * Moves an unusable file out of the way so that it is not overwritten.
 * @returns its new path; undefined when it could not be moved
 */
export async function setAside(path: string): Promise<string | undefined> {
  const backup = `${path}.unusable`;
  try {
    await rename(path, backup);
    return backup;
  } catch {
    return undefined;
  }
}
