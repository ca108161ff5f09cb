import { execFile, spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Typed } from './typed-data.js';

const run = promisify(execFile);

export interface OracleRequest {
  Template: string;
  Data: Typed;
  Left?: string;
  Right?: string;
  Option?: string;
}

export type OracleAnswer = { output: Buffer } | { error: string };

/** What Go's text/template makes of each request. Compiles the program beside this file first. */
export async function askGo(requests: readonly OracleRequest[]): Promise<OracleAnswer[]> {
  const folder = await mkdtemp(join(tmpdir(), 'fairlead-go-'));
  try {
    const program = join(folder, 'oracle');
    await run('go', ['build', '-o', program, 'main.go'], {
      cwd: join(import.meta.dirname, 'go-oracle'),
      env: { ...process.env, GOCACHE: join(folder, 'cache'), GO111MODULE: 'off', GOFLAGS: '' },
    });
    return await ask(program, requests);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

function ask(program: string, requests: readonly OracleRequest[]): Promise<OracleAnswer[]> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, { stdio: ['pipe', 'pipe', 'inherit'] });
    const chunks: Buffer[] = [];
    child.stdout.on('data', (chunk: Buffer) => chunks.push(chunk));
    child.on('error', reject);
    child.on('close', (code) => {
      if (code !== 0) {
        reject(new Error(`the oracle ended with ${String(code)}`));
        return;
      }
      const lines = Buffer.concat(chunks).toString('utf8').trimEnd().split('\n');
      resolve(lines.map(answer));
    });
    child.stdin.end(requests.map((request) => `${JSON.stringify(request)}\n`).join(''));
  });
}

function answer(line: string): OracleAnswer {
  const { Output, Error: error } = JSON.parse(line) as { Output: string; Error: string };
  return error === '' ? { output: Buffer.from(Output, 'base64') } : { error };
}
