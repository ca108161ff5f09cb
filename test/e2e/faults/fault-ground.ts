import { spawn, type ChildProcess } from 'node:child_process';
import { createSocket, type Socket } from 'node:dgram';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { performance } from 'node:perf_hooks';
import dnsPacket from 'dns-packet';
import type { StatusJson } from '../../../src/api/types/status-json.js';
import type { Outcome, Traffic } from './outcome.js';

/** Queries that are sent in one turn. */
const MOST_AT_ONCE = 20;
/** Queries without an answer yet beyond which none is sent: this process has no time to read what has come. */
const MOST_OPEN = 2000;

const MAIN = resolve(import.meta.dirname, '../../../dist/main.js');

/** A built daemon on loopback with a services file, and clients that ask it. */
export class FaultGround {
  readonly directory = mkdtempSync(join(tmpdir(), 'fairlead-fault-'));
  /** `vip` of the configuration. */
  vip = '{ pool: 127.43.0.0/16 }';
  /** Further variables of the daemon. */
  environment: Readonly<Record<string, string>> = {};
  /** What the daemon may have open (`ulimit -n`); absent: as this process. */
  descriptors: number | undefined;
  readonly #strays = new Set<number>();
  readonly #undo: (() => void)[] = [];
  readonly #children: ChildProcess[] = [];
  readonly #port: number;

  private constructor(port: number) {
    this.#port = port;
    this.writeServices('stacks: { shop: { services: { web: { tasks: [{ name: w1, ip: 192.0.2.1 }] } } } }\n');
  }

  static async create(): Promise<FaultGround> {
    return new FaultGround(await freePort());
  }

  path(...names: readonly string[]): string {
    return join(this.directory, ...names);
  }

  writeServices(text: string): void {
    writeFileSync(this.path('services.yaml'), text);
  }

  /** Starts a daemon; resolves when it says that it serves. */
  async start(...more: readonly string[]): Promise<ChildProcess> {
    const { child, output } = this.launch(...more);
    await until(() => output().includes('Try in another terminal:') || child.exitCode !== null);
    if (child.exitCode !== null) throw new Error(`the daemon did not start: ${output()}`);
    return child;
  }

  launch(...more: readonly string[]): { readonly child: ChildProcess; readonly output: () => string } {
    writeFileSync(
      this.path('fairlead.yaml'),
      `state: ${this.path('state')}
dns: { listen: ["127.0.0.1:${this.#port}"], upstreams: [] }
sources: { file: { path: ${this.path('services.yaml')} } }
vip: ${this.vip}
api: { listen: ["unix:${this.path('api.sock')}"] }
`,
    );
    const limit = this.descriptors === undefined ? '' : `ulimit -n ${this.descriptors} && `;
    const args = [process.execPath, MAIN, 'run', '--config', this.path('fairlead.yaml'), ...more];
    const child = spawn('/bin/sh', ['-c', `${limit}exec "$@"`, 'sh', ...args], {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, ...this.environment },
    });
    this.#children.push(child);
    let text = '';
    for (const stream of [child.stdout, child.stderr])
      stream.on('data', (data: Buffer) => (text += data.toString()));
    return { child, output: () => text };
  }

  /** A command of the command line. @returns its exit code and its output */
  async cli(...args: readonly string[]): Promise<{ readonly code: number | null; readonly stdout: string }> {
    const address = ['--addr', `unix:${this.path('api.sock')}`];
    const child = spawn(process.execPath, [MAIN, ...address, ...args], {
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    let stdout = '';
    child.stdout.on('data', (data: Buffer) => (stdout += data.toString()));
    return { code: await ended(child), stdout };
  }

  /** Asks once. @returns addresses, or the response code; undefined when no answer came */
  async ask(name = 'web.shop.rancher.internal', wait = 1000): Promise<string | undefined> {
    const socket = await this.#client();
    try {
      return await new Promise<string | undefined>((answered) => {
        setTimeout(() => answered(undefined), wait);
        socket.on('error', () => answered(undefined));
        socket.on('message', (message) => answered(meaning(message)));
        socket.send(query(name, 7));
      });
    } finally {
      socket.close();
    }
  }

  async status(): Promise<StatusJson> {
    return JSON.parse((await this.cli('status', '-o', 'json')).stdout) as StatusJson;
  }

  /** To be called for a daemon that the daemon itself has started. */
  adopt(pid: number): void {
    this.#strays.add(pid);
  }

  /** Called when the ground is left. */
  onClose(undo: () => void): void {
    this.#undo.push(undo);
  }

  /** Milliseconds until the answer is this one. */
  async timeTo(answer: string): Promise<number> {
    const begun = performance.now();
    await until(async () => (await this.ask(undefined, 200)) === answer);
    return performance.now() - begun;
  }

  /** Asks 1,000 times a second while something is done. @param answer `any`: which one it is says nothing */
  async under(work: () => Promise<void>, answer = '192.0.2.1'): Promise<Traffic> {
    // Each keeps some hundred replies until this process has its turn again.
    const sockets = await Promise.all(Array.from({ length: 64 }, () => this.#client()));
    const open = new Set<number>();
    let [sent, wrong] = [0, 0];
    for (const socket of sockets) {
      // A refused datagram is a query without an answer.
      socket.on('error', () => undefined);
      socket.on('message', (message) => {
        open.delete(message.readUInt16BE(0));
        if (answer !== 'any' && meaning(message) !== answer) wrong++;
      });
    }
    let last = performance.now();
    let due = 0;
    const sending = setInterval(() => {
      const now = performance.now();
      due += now - last;
      last = now;
      // Not all at once when this process has waited for its own turn.
      if (open.size > MOST_OPEN) due = 0;
      for (let burst = 0; due >= 1 && burst < MOST_AT_ONCE; due--, burst++) {
        const id = ++sent % 65_536;
        open.add(id);
        sockets[id % sockets.length]?.send(query('web.shop.rancher.internal', id));
      }
    }, 1);
    try {
      await work();
    } finally {
      clearInterval(sending);
    }
    // What is under way may still be answered.
    const deadline = performance.now() + 3000;
    while (open.size > 0 && performance.now() < deadline) await pause(20);
    for (const socket of sockets) socket.close();
    return { sent, unanswered: open.size, wrong };
  }

  async close(): Promise<void> {
    for (const child of this.#children) {
      child.kill('SIGKILL');
      await ended(child);
    }
    for (const pid of this.#strays) await killed(pid);
    for (const undo of this.#undo.reverse()) undo();
    rmSync(this.directory, { recursive: true, force: true });
  }

  async #client(): Promise<Socket> {
    const socket = createSocket('udp4');
    await new Promise<void>((connected) => socket.connect(this.#port, '127.0.0.1', connected));
    return socket;
  }
}

/** Waits for a condition, not for a time. */
export async function until(condition: () => boolean | Promise<boolean>, limit = 60_000): Promise<void> {
  const deadline = performance.now() + limit;
  while (!(await condition())) {
    if (performance.now() > deadline) throw new Error(`not within ${limit} ms: ${condition.toString()}`);
    await pause(10);
  }
}

/** Runs a fault on a ground of its own. */
export function onLoopback(work: (ground: FaultGround) => Promise<Outcome>): () => Promise<Outcome> {
  return async () => {
    const ground = await FaultGround.create();
    try {
      return await work(ground);
    } finally {
      await ground.close();
    }
  };
}

export function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

async function killed(pid: number): Promise<void> {
  if (!isAlive(pid)) return;
  process.kill(pid, 'SIGKILL');
  await until(() => !isAlive(pid));
}

export async function ended(child: ChildProcess): Promise<number | null> {
  if (child.exitCode === null && child.signalCode === null)
    await new Promise((exited) => child.once('exit', exited));
  return child.exitCode;
}

export function pause(ms: number): Promise<void> {
  return new Promise((over) => setTimeout(over, ms));
}

function query(name: string, id: number): Buffer {
  return dnsPacket.encode({ type: 'query', id, flags: 0x100, questions: [{ name, type: 'A' }] });
}

function meaning(message: Buffer): string {
  const packet = dnsPacket.decode(message);
  const addresses = (packet.answers ?? []).flatMap((each) => (each.type === 'A' ? [each.data] : []));
  return addresses.join(' ') || String((packet as { rcode?: string }).rcode);
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  const { port } = server.address() as { port: number };
  await new Promise((closed) => server.close(closed));
  return port;
}
