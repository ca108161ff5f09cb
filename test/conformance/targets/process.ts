import { spawn, type ChildProcess } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { TYPE } from '../../../src/wire/constants.js';
import { ownPort } from '../../support/own-port.js';
import { query } from '../packets.js';

/** How a reference server is started. */
export interface ServerPlan {
  readonly command: string;
  readonly args: readonly string[];
  /** Written into its directory before it starts. */
  readonly files: Readonly<Record<string, string>>;
}

export interface RunningServer {
  readonly port: number;
  stop(): Promise<void>;
}

/** It only ends a wait for a server that hangs. */
const START_TIME = 120_000;

let started = 0;

/**
 * Starts a server in a directory of its own, at a port of 127.0.0.1 that Linux gives to no client, and waits until it serves the golden zone.
 * @returns rejects with the last lines that it wrote when it does not
 */
export async function startServer(
  plan: (directory: string, port: number) => ServerPlan,
): Promise<RunningServer> {
  const directory = await mkdtemp(join(tmpdir(), 'fairlead-conformance-'));
  const port = ownPort + started++;
  const { command, args, files } = plan(directory, port);
  for (const [name, text] of Object.entries(files)) await writeFile(join(directory, name), text);
  const child = spawn(command, args, { cwd: directory, stdio: ['ignore', 'pipe', 'pipe'] });
  const log: string[] = [];
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (text: string) => log.push(text));
  const state: { error?: Error } = {};
  child.once('error', (error) => {
    state.error = error;
  });
  const stop = async () => {
    await end(child);
    await rm(directory, { recursive: true, force: true });
  };
  const until = performance.now() + START_TIME;
  while (performance.now() < until && child.exitCode === null && state.error === undefined) {
    if (await serves(port)) return { port, stop };
  }
  await stop();
  const said = state.error?.message ?? log.join('').trim().split('\n').slice(-8).join('\n');
  throw new Error(
    `${command} does not serve the golden zone on 127.0.0.1:${port}: ${said || 'it wrote nothing'}`,
  );
}

async function end(child: ChildProcess): Promise<void> {
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
  const exited = once(child, 'exit');
  child.kill('SIGTERM');
  await Promise.race([exited, sleep(5000).then(() => child.kill('SIGKILL'))]);
}

/** Whether there is an answer, not merely a reply, within a second. */
async function serves(port: number): Promise<boolean> {
  const socket = createSocket('udp4');
  try {
    const answer = once(socket, 'message').then(([reply]) => reply as Buffer);
    socket.send(query('ns', TYPE.A), port, '127.0.0.1');
    const reply = await Promise.race([answer, sleep(1000)]);
    return reply !== undefined && (reply.readUInt16BE(2) & 0xf) === 0 && reply.readUInt16BE(6) === 1;
  } finally {
    socket.close();
  }
}
