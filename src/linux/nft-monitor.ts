import { spawn } from 'node:child_process';
import { Socket } from 'node:net';
import { createInterface } from 'node:readline';

/** Ends a watch; harmless afterwards. */
export type StopWatching = () => void;

/** What `nft monitor` prints behind each transaction. */
const END_OF_TRANSACTION = /^# new generation /;

/**
 * Reads the lines of `nft monitor`, transaction by transaction.
 * @param table with its family: `ip fairlead_vip`
 * @param isOurs whether Fairlead itself has put this number into the set `stamp` of the table, as it does in each
 *   transaction that changes parts. Process ids would not do: the kernel tells those of its own namespace
 * @returns takes a line; says whether it ended a transaction that changed the table in parts, or took it away. One that
 *   leaves a whole new table is how Fairlead itself writes it
 */
export function tamperDetector(
  table: string,
  isOurs: (stamp: number) => boolean = () => false,
): (line: string) => boolean {
  const about = new RegExp(`^(\\w+) (\\w+) ${table}(?: |$)`);
  const stamped = new RegExp(`^add element ${table} stamp \\{ (0x[0-9a-f]+) \\}`);
  let isTouched = false;
  let isWhole = false;
  return (line) => {
    const [, verb, kind] = about.exec(line) ?? [];
    if (kind !== undefined) isTouched = true;
    if (kind === 'table') isWhole = verb === 'add';
    const stamp = stamped.exec(line)?.[1];
    if (stamp !== undefined && isOurs(Number(stamp))) isWhole = true;
    if (!END_OF_TRANSACTION.test(line)) return false;
    const isTampered = isTouched && !isWhole;
    isTouched = isWhole = false;
    return isTampered;
  };
}

/**
 * Finds transactions of which nothing is printed. A program that empties a map with `flush map` makes one: the kernel
 * names no elements then. Fairlead's own transactions always print something.
 * @returns takes a line; says whether it ended such a transaction
 */
export function unseenDetector(): (line: string) => boolean {
  // The watch may begin in the middle of one.
  let hasLines = true;
  return (line) => {
    const isEnd = END_OF_TRANSACTION.test(line);
    const isUnseen = isEnd && !hasLines;
    hasLines = !isEnd;
    return isUnseen;
  };
}

/** Rules that decide what passes from one bridge to another: Docker's, and those of the chain that has the first word. */
const ABOUT_FORWARDING = / ip6? (?:filter (?:FORWARD|DOCKER-USER|DOCKER-FORWARD)|docker-bridges)\b/;

/** How a table is watched. */
export interface WatchOptions {
  /** See {@link tamperDetector}. */
  readonly isOurs?: (stamp: number) => boolean;
  /** Something has changed that the kernel does not name; it may be of this table. See {@link unseenDetector}. */
  readonly onUnseen?: () => void;
  /** A rule that may decide what passes from one bridge to another has changed. Called for each. */
  readonly onForwarding?: () => void;
}

/**
 * Runs `nft monitor` as long as its own standard input is open, so that it ends with this process, however that ends.
 * Its output is the monitor's alone, and is over with it.
 */
const SCRIPT = 'exec 3>&1 >/dev/null; nft monitor >&3 3>&- & exec 3>&-; read _; kill $!';

/**
 * Has the kernel say when another program changes a table or takes it away, by an `nft monitor` that runs until it is
 * stopped.
 * @param table with its family
 * @param onEnd called once when there is no watch any more: it could not be started, or has ended
 */
export function watchTable(
  table: string,
  onTampered: () => void,
  onEnd: () => void,
  { isOurs, onUnseen, onForwarding }: WatchOptions = {},
): StopWatching {
  const isTampered = tamperDetector(table, isOurs);
  const isUnseen = unseenDetector();
  const child = spawn('/bin/sh', ['-c', SCRIPT], { stdio: ['pipe', 'pipe', 'ignore'] });
  let isOver = false;
  const stop = (): void => {
    isOver = true;
    child.stdin.end();
  };
  const end = (): void => {
    if (isOver) return;
    stop();
    onEnd();
  };
  child.once('error', end);
  child.stdin.on('error', () => undefined);
  child.stdout.once('close', end);
  createInterface(child.stdout).on('line', (line) => {
    if (isTampered(line) && !isOver) onTampered();
    if (isUnseen(line) && !isOver) onUnseen?.();
    if (ABOUT_FORWARDING.test(line) && !isOver) onForwarding?.();
  });
  child.unref();
  for (const pipe of [child.stdin, child.stdout]) if (pipe instanceof Socket) pipe.unref();
  return stop;
}
