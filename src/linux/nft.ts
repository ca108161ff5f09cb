import { spawn } from 'node:child_process';

const TIMEOUT_MS = 10_000;
/** A busy host reads the rules of 10,000 services, some 8 MB, in 10 to 30 s; an idle one in one. */
const MS_PER_BYTE = 0.01;
/** One rule for each of 65,536 addresses takes about 3 MiB. */
const MAX_OUTPUT = 16 << 20;

export type NftOutcome =
  | { readonly ok: true; readonly output: string }
  /** `why` is one line. */
  | { readonly ok: false; readonly why: string };

/** Runs nft(8). Never rejects. */
export function nft(args: readonly string[], input = ''): Promise<NftOutcome> {
  return new Promise((resolve) => {
    const timeout = TIMEOUT_MS + Math.ceil(input.length * MS_PER_BYTE);
    const child = spawn('nft', args, { stdio: ['pipe', 'pipe', 'pipe'], timeout });
    const output: Buffer[] = [];
    let [size, said] = [0, ''];
    child.stdout.on('data', (chunk: Buffer) => {
      size += chunk.length;
      if (size <= MAX_OUTPUT) output.push(chunk);
    });
    child.stderr.on('data', (chunk: Buffer) => (said += chunk.toString().slice(0, 2000)));
    // nft may end before it has read all input; its exit code tells why.
    child.stdin.on('error', () => undefined);
    child.once('error', (error: NodeJS.ErrnoException) => {
      const why =
        error.code === 'ENOENT' ? 'the command nft is not installed; install nftables' : error.message;
      resolve({ ok: false, why });
    });
    child.once('close', (code) => {
      if (code === 0) resolve({ ok: true, output: Buffer.concat(output).toString() });
      else resolve({ ok: false, why: said.trim().split('\n')[0] || `nft ended with ${code ?? 'a signal'}` });
    });
    child.stdin.end(input);
  });
}
