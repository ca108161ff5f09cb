import { spawn } from 'node:child_process';
import { parseIpvs, parseListing, parseStats, type IpvsLoad, type IpvsTable } from './ipvs-table.js';

const TIMEOUT_MS = 10_000;

type Outcome = { readonly ok: true; readonly output: string } | { readonly ok: false; readonly why: string };

/** Why IPVS cannot be used on this host, in one line with what to do; undefined: it can. */
export async function ipvsFault(): Promise<string | undefined> {
  const outcome = await ipvsadm(['-L', '-n']);
  return outcome.ok ? undefined : outcome.why;
}

/** @throws Error with one line, with what to do */
export async function readIpvs(): Promise<IpvsTable> {
  const rules = await read(['-S', '-n']);
  return parseIpvs(rules, await read(['-L', '-n', '--thresholds']));
}

/** How many connections each destination has, by service and destination. @throws likewise */
export async function readIpvsLoads(): Promise<ReadonlyMap<string, IpvsLoad>> {
  return parseListing(await read(['-L', '-n', '--thresholds']));
}

/** How many connections each destination was given. Empty where that cannot be read. */
export async function readIpvsStats(): Promise<ReadonlyMap<string, number>> {
  const outcome = await ipvsadm(['-L', '-n', '--stats', '--exact']);
  return outcome.ok ? parseStats(outcome.output) : new Map();
}

/**
 * Carries out lines, one after the other.
 * @throws Error with the first complaint, in one line. The kernel may have taken the other lines.
 */
export async function changeIpvs(lines: readonly string[]): Promise<void> {
  if (lines.length === 0) return;
  const outcome = await ipvsadm(['-R'], `${lines.join('\n')}\n`);
  if (!outcome.ok) throw new Error(outcome.why);
}

/** Seconds after which the kernel forgets an idle connection: `tcp`, `tcpfin`, `udp`. @throws likewise */
export async function readIpvsTimeouts(): Promise<readonly string[]> {
  return (await read(['-L', '--timeout'])).match(/\d+/g) ?? [];
}

/** @throws likewise */
export async function setIpvsTimeouts(timeouts: readonly string[]): Promise<void> {
  await read(['--set', ...timeouts]);
}

async function read(args: readonly string[]): Promise<string> {
  const outcome = await ipvsadm(args);
  if (outcome.ok) return outcome.output;
  throw new Error(outcome.why);
}

/** Runs ipvsadm(8). Whatever it complains about is a failure: of several lines it reports the end of the last one. */
function ipvsadm(args: readonly string[], input = ''): Promise<Outcome> {
  return new Promise((resolve) => {
    const child = spawn('ipvsadm', args, { stdio: ['pipe', 'pipe', 'pipe'], timeout: TIMEOUT_MS });
    const output: Buffer[] = [];
    let said = '';
    child.stdout.on('data', (chunk: Buffer) => output.push(chunk));
    child.stderr.on('data', (chunk: Buffer) => (said += chunk.toString().slice(0, 2000)));
    // It may end before it has read all input; its exit code tells why.
    child.stdin.on('error', () => undefined);
    child.once('error', (error: NodeJS.ErrnoException) => {
      const isMissing = error.code === 'ENOENT';
      const why = isMissing ? 'the command ipvsadm is not installed; install ipvsadm' : error.message;
      resolve({ ok: false, why });
    });
    child.once('close', (code) => {
      if (code === 0 && said.trim() === '') resolve({ ok: true, output: Buffer.concat(output).toString() });
      else resolve({ ok: false, why: complaint(said, code) });
    });
    child.stdin.end(input);
  });
}

/** Exported for tests. @param said what ipvsadm wrote to its standard error */
export function complaint(said: string, code: number | null): string {
  const line = said.trim().split('\n')[0] || `ipvsadm ended with ${code ?? 'a signal'}`;
  if (/Permission denied|Operation not permitted|you must be root/i.test(said))
    return `ipvsadm may not change IPVS (${line}); run as root or with CAP_NET_ADMIN`;
  if (/Can't initialize ipvs|Protocol not available|ip_vs/i.test(said))
    return `this kernel has no IPVS (${line}); load the module ip_vs, or take a kernel with CONFIG_IP_VS`;
  if (/Scheduler or persistence engine not found/i.test(said))
    return `this kernel lacks a scheduler of IPVS (${line}); load its module, such as ip_vs_wlc`;
  return `ipvsadm: ${line}`;
}
