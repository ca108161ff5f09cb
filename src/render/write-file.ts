import { randomBytes } from 'node:crypto';
import {
  chmod,
  chown,
  link,
  mkdir,
  open,
  readFile,
  readdir,
  realpath,
  rename,
  rm,
  stat,
  writeFile,
} from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { errorCode } from '../net/error-message.js';
import { idOf, type Owner } from './user-ids.js';

/** Properties of the rendered file on disk. */
export interface FileOptions {
  /** The mode. By default that of the old file, otherwise 0644. */
  mode?: number;
  /** Name or number. By default that of the old file. */
  user?: string;
  group?: string;
  createDirectories: boolean;
  /** Whether to keep the old file with the suffix `.bak`. */
  backup: boolean;
  /** Called before each step: `write`, `sync`, `keep`, `rename`, `sync directory`. */
  onStep?: (step: string) => void;
}

/** A file written beside its destination, ready to replace it. */
export interface PreparedFile {
  /** The temporary file, for a check. */
  path: string;
  /** Replaces the destination. The old file is kept until the outcome is known. */
  commit(): Promise<CommittedFile>;
  /** Removes the temporary file. */
  discard(): Promise<void>;
}

export interface CommittedFile {
  /** Restores the old file. */
  rollBack(): Promise<void>;
  /** Removes the old file, unless a backup was requested. */
  settle(): Promise<void>;
}

/** The content of a file. Undefined if there is none. */
export async function currentBytes(path: string): Promise<Buffer | undefined> {
  try {
    return await readFile(path);
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
}

function isMissing(error: unknown): boolean {
  return ['ENOENT', 'ENOTDIR'].includes(errorCode(error));
}

/** Follows a link at the destination, so that it remains a link. */
async function resolved(destination: string): Promise<string> {
  try {
    return await realpath(destination);
  } catch (error) {
    if (isMissing(error)) return destination;
    throw error;
  }
}

/** While this file exists, the command after the write is not known to have succeeded. */
function markerOf(target: string): string {
  return join(dirname(target), `.${basename(target)}.previous`);
}

/** Removes temporary files of an earlier process. Returns true if the command must still run. */
export async function recoverFile(destination: string): Promise<boolean> {
  const target = await resolved(destination);
  const [folder, name] = [dirname(target), basename(target)];
  let entries: string[];
  try {
    entries = await readdir(folder);
  } catch (error) {
    if (isMissing(error)) return false;
    throw error;
  }
  const stale = entries.filter(
    (entry) => entry.startsWith(`.${name}.`) && /\.[0-9a-f]{12}\.tmp$/.test(entry),
  );
  for (const entry of stale) await rm(join(folder, entry), { force: true });
  return entries.includes(basename(markerOf(target)));
}

/**
 * Writes the bytes to a temporary file in the destination's directory, with the destination's mode and owner, and
 * flushes it to disk.
 * @throws Error of the file system; nothing is left behind
 */
export async function prepareFile(
  destination: string,
  bytes: Uint8Array,
  options: FileOptions,
): Promise<PreparedFile> {
  const target = await resolved(destination);
  const folder = dirname(target);
  if (options.createDirectories) await mkdir(folder, { recursive: true, mode: 0o755 });
  else if ((await statOf(folder)) === undefined)
    throw new Error(
      `the directory ${folder} does not exist; create it, or let it be created (createDirectories)`,
    );
  const path = join(folder, `.${basename(target)}.${randomBytes(6).toString('hex')}.tmp`);
  const old = await statOf(target);
  const owner = wantedOwner(options, old);
  options.onStep?.('write');
  const handle = await open(path, 'wx', 0o600);
  try {
    await handle.writeFile(bytes);
    if (owner !== undefined) await handle.chown(owner.uid, owner.gid);
    await handle.chmod(options.mode ?? (old === undefined ? 0o644 : old.mode & 0o7777));
    options.onStep?.('sync');
    await handle.sync();
    await handle.close();
  } catch (error) {
    await handle.close().catch(() => undefined);
    await rm(path, { force: true });
    throw error;
  }
  return {
    path,
    commit: () => commit(path, target, options),
    discard: () => rm(path, { force: true }),
  };
}

async function commit(path: string, target: string, options: FileOptions): Promise<CommittedFile> {
  const marker = markerOf(target);
  const had = (await statOf(target)) !== undefined;
  try {
    options.onStep?.('keep');
    await rm(marker, { force: true });
    if (had) await link(target, marker);
    else await writeFile(marker, '');
    options.onStep?.('rename');
    await rename(path, target);
  } catch (error) {
    await rm(path, { force: true });
    await rm(marker, { force: true });
    throw error;
  }
  options.onStep?.('sync directory');
  await syncDirectory(dirname(target));
  options.onStep?.('done');
  return {
    rollBack: async () => {
      if (had) await rename(marker, target);
      else {
        await rm(target, { force: true });
        await rm(marker, { force: true });
      }
      await syncDirectory(dirname(target));
    },
    settle: async () => {
      if (had && options.backup) await rename(marker, `${target}.bak`);
      else await rm(marker, { force: true });
    },
  };
}

/** Removes the marker of a pending command. */
export async function settleFile(destination: string): Promise<void> {
  await rm(markerOf(await resolved(destination)), { force: true });
}

/** Without this, a crash of the host could undo the rename. */
async function syncDirectory(path: string): Promise<void> {
  const handle = await open(path, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

async function statOf(path: string) {
  try {
    return await stat(path);
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
}

function wantedOwner({ user, group }: FileOptions, old: Owner | undefined): Owner | undefined {
  if (user === undefined && group === undefined) return old === undefined || isOwn(old) ? undefined : old;
  return {
    uid: user === undefined ? (old?.uid ?? process.getuid?.() ?? 0) : idOf(user, 'user'),
    gid: group === undefined ? (old?.gid ?? process.getgid?.() ?? 0) : idOf(group, 'group'),
  };
}

function isOwn(owner: Owner): boolean {
  return owner.uid === process.getuid?.() && owner.gid === process.getgid?.();
}

/** Gives a file that has the right bytes already its mode and owner; true when something changed. */
export async function adjustFile(destination: string, options: FileOptions): Promise<boolean> {
  const now = await stat(destination);
  const owner = wantedOwner(options, now);
  let changed = false;
  if (options.mode !== undefined && (now.mode & 0o7777) !== options.mode) {
    await chmod(destination, options.mode);
    changed = true;
  }
  if (owner !== undefined && (owner.uid !== now.uid || owner.gid !== now.gid)) {
    await chown(destination, owner.uid, owner.gid);
    changed = true;
  }
  return changed;
}
