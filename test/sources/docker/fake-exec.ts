import type { IncomingMessage, ServerResponse } from 'node:http';
import type { EngineModel } from './engine-model.js';

/** What a program does when it is run in a container. */
export interface Program {
  /** Frames as they are written; `1` is output, `2` is error. */
  readonly writes?: readonly (readonly [1 | 2, string])[];
  /** How the bytes of all frames are cut into chunks; the default sends them whole. */
  readonly chunkSize?: number;
  readonly exitCode?: number;
  /** It goes on for so many looks after its output has ended. */
  readonly looks?: number;
  /** It writes nothing and does not end until it is killed. */
  readonly hangs?: boolean;
}

interface Exec {
  readonly container: string;
  readonly argv: readonly string[];
  readonly env: readonly string[];
  program: Program;
  looks: number;
  running: boolean;
  exitCode: number | null;
}

/** The part of an engine that runs programs: create, start and inspect, as Engine API 1.41 has them. */
export class FakeExecs {
  /** In the order in which they were created. */
  readonly all: Exec[] = [];
  /** What the next programs do. */
  program: Program = {};
  readonly #model: EngineModel;
  readonly #onRunning = new Set<() => void>();

  constructor(model: EngineModel) {
    this.#model = model;
  }

  /** The process of the nth exec, as the engine tells it. */
  pidOf(index: number): number {
    return 4_000_000 + index;
  }

  kill(pid: number): void {
    const exec = this.all[pid - 4_000_000];
    if (exec) Object.assign(exec, { running: false, exitCode: 137, looks: 0 });
  }

  /** Resolves when a program that hangs has been started. */
  hanging(): Promise<void> {
    return new Promise((resolve) => this.#onRunning.add(resolve));
  }

  /** @returns whether the path is one of these */
  serve(path: string, request: IncomingMessage, response: ServerResponse): boolean {
    const container = /^\/containers\/(\w+)\/exec$/.exec(path)?.[1];
    const [, index, action] = /^\/exec\/0e(\d+)\/(start|json)$/.exec(path) ?? [];
    if (container !== undefined) {
      void body(request).then((json) => this.#create(container, json, response));
    } else if (action === 'start') {
      void body(request).then(() => this.#start(Number(index), response));
    } else if (action === 'json') {
      this.#inspect(Number(index), response);
    } else {
      return false;
    }
    return true;
  }

  #create(container: string, json: { Cmd: string[]; Env: string[] }, response: ServerResponse): void {
    const { phase } = this.#model.containers.get(container) ?? {};
    if (phase === undefined) {
      answer(response, 404, { message: `No such container: ${container}` });
    } else if (phase !== 'running') {
      answer(response, 409, {
        message: `Container ${container} is ${phase}, unpause the container before exec`,
      });
    } else {
      const { program } = this;
      const looks = program.looks ?? 0;
      this.all.push({
        ...{ container, argv: json.Cmd, env: json.Env, program, looks, running: false, exitCode: null },
      });
      answer(response, 201, { Id: `0e${this.all.length - 1}` });
    }
  }

  #start(index: number, response: ServerResponse): void {
    const exec = this.all[index];
    if (exec === undefined) {
      answer(response, 404, { message: `No such exec instance: 0e${index}` });
      return;
    }
    exec.running = true;
    response.writeHead(200, { 'content-type': 'application/vnd.docker.raw-stream', connection: 'close' });
    response.flushHeaders();
    const { writes = [], chunkSize = Infinity, hangs = false, exitCode = 0 } = exec.program;
    if (hangs) {
      for (const tell of this.#onRunning) tell();
      this.#onRunning.clear();
      return;
    }
    const bytes = Buffer.concat(writes.map(([type, text]) => frame(type, text)));
    for (let at = 0; at < bytes.length; at += chunkSize) response.write(bytes.subarray(at, at + chunkSize));
    exec.exitCode = exitCode;
    exec.running = exec.looks > 0;
    response.end();
  }

  #inspect(index: number, response: ServerResponse): void {
    const exec = this.all[index];
    if (exec === undefined) {
      answer(response, 404, { message: `No such exec instance: 0e${index}` });
      return;
    }
    const { running, exitCode } = exec;
    answer(response, 200, {
      ...{ ID: `0e${index}`, Running: running, ExitCode: running ? null : exitCode, Pid: this.pidOf(index) },
    });
    if (exec.program.hangs !== true) exec.running = --exec.looks > 0;
  }
}

function frame(type: number, text: string): Buffer {
  const data = Buffer.from(text);
  const header = Buffer.alloc(8);
  header[0] = type;
  header.writeUInt32BE(data.length, 4);
  return Buffer.concat([header, data]);
}

function answer(response: ServerResponse, status: number, json: object): void {
  response.writeHead(status, { 'content-type': 'application/json' });
  response.end(JSON.stringify(json));
}

async function body(request: IncomingMessage): Promise<{ Cmd: string[]; Env: string[] }> {
  const chunks: Buffer[] = [];
  for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk);
  return JSON.parse(Buffer.concat(chunks).toString()) as { Cmd: string[]; Env: string[] };
}
