import type { Netns } from './netns.js';

/**
 * Runs a client that works until its standard input ends, and then prints one JSON object.
 * @param args the script and its arguments
 * @returns ends it, and resolves with that object
 */
export function startReportingClient<Report>(
  netns: Pick<Netns, 'spawn'>,
  args: readonly string[],
  options: { readonly cwd?: string } = {},
): () => Promise<Report> {
  const child = netns.spawn(process.execPath, ['--import', 'tsx', ...args], {
    ...options,
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const output: Buffer[] = [];
  child.stdout?.on('data', (chunk: Buffer) => output.push(chunk));
  const ended = new Promise<void>((resolve) => child.once('close', () => resolve()));
  return async () => {
    child.stdin?.end();
    await ended;
    return JSON.parse(Buffer.concat(output).toString()) as Report;
  };
}
