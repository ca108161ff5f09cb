import type { StatusJson } from '../../api/types/status-json.js';
import type { Context } from '../context.js';
import { CliError, EXIT } from '../exit-codes.js';
import { plain } from '../format/text.js';
import { printOne } from '../print-list.js';
import { fairleadVersion } from '../fairlead-version.js';

/** Milliseconds; short, because the daemon's version is an extra. */
const PATIENCE = 1000;

export async function run(context: Context): Promise<number> {
  const version = fairleadVersion();
  const daemon = await daemonVersion(context);
  const { node } = process.versions;
  const client = { version, node, platform: process.platform, arch: process.arch };
  await printOne(context, { client, daemon: daemon ?? null }, () => {
    const there = daemon
      ? `${plain(daemon.version)} (Node ${plain(daemon.node)}, ${context.address.text})`
      : 'not reached';
    return `fairlead  ${version} (Node ${node}, ${process.platform} ${process.arch})\ndaemon    ${there}\n`;
  });
  if (daemon && daemon.version !== version) {
    context.notice(`fairlead: the daemon has another version; restart it to bring both to ${version}`);
  }
  return EXIT.ok;
}

async function daemonVersion(context: Context): Promise<{ version: string; node: string } | undefined> {
  try {
    const { version, node } = await context.get<StatusJson>('/v1/status', {}, { timeoutMs: PATIENCE });
    return { version, node };
  } catch (error) {
    if (error instanceof CliError && error.exitCode !== EXIT.usage) return undefined;
    throw error;
  }
}
