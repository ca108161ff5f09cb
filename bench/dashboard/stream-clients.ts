import { once } from 'node:events';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { StatusJson } from '../../src/api/types/status-json.js';
import { requestOverSocket } from '../../test/e2e/support/http.js';
import { until } from '../../test/e2e/support/poll.js';
import { cpuTime, start, type Started } from '../dns/processes.js';
import { freePort, writeInto, type Workshop } from '../dns/workshop.js';
import { NumbersListener, WholeListener, type Listener } from './stream-listeners.js';

const CLIENTS = 200;
/** So many of them have the whole state. */
const WHOLE = 10;
/** A second. */
const CHANGES = 100;
/** ms in which V8 compiles what changes need. */
const WARM_UP_MS = 4000;

export interface StreamFigures {
  readonly clients: number;
  readonly changes: number;
  /** The part of a core that the daemon used with all clients and changes. */
  readonly core: number;
  /** The same without clients. */
  readonly coreWithoutClients: number;
  /** Messages of the state that each client got, mean. */
  readonly messages: number;
  /** Changes and events that a client missed, resets, and connections that ended. */
  readonly gaps: number;
}

/**
 * What the stream's clients cost while services change.
 * @param main the built `main.js`; its catalog is changed by a source of the bench's (churn-daemon.ts)
 */
export async function streamClients(workshop: Workshop, main: string, ms: number): Promise<StreamFigures> {
  const dir = workshop.room('stream');
  const socket = join(dir, 'api.sock');
  const config = writeInto(dir, 'fairlead.yaml', configOf(dir, await freePort()));
  // This very file again: bench/dashboard.ts sees the argument.
  const args = [process.argv[1] ?? '', '--churn-daemon', config, '--daemon', main];
  const daemon = start({ command: process.execPath, args, ipc: true }, 0, `${dir}/output`);
  const clients: Listener[] = [];
  try {
    await until('the daemon is ready', () => requestOverSocket(socket, 'GET', '/readyz', 2000), isOk, {
      within: 60_000,
      context: () => daemon.ended() ?? '',
    });
    await setRate(daemon, CHANGES);
    await sleep(WARM_UP_MS);
    const alone = await usage(daemon, ms);
    while (clients.length < CLIENTS) {
      const client = clients.length < WHOLE ? new WholeListener(socket) : new NumbersListener(socket);
      clients.push(client);
      const hasState = () => Promise.resolve(client.revision !== undefined);
      await until('a client has the state', hasState, Boolean, { within: 60_000 });
    }
    await sleep(WARM_UP_MS);
    for (const client of clients) client.messages = 0;
    const { core, changes } = await usage(daemon, ms);
    await setRate(daemon, 0);
    // The last changes are on their way to the catalog, and to some of them.
    await until(
      'all clients have the last change',
      async () => {
        const revision = await revisionOf(socket);
        return clients.filter((client) => client.revision === revision).length;
      },
      (count) => count === CLIENTS,
      { within: 60_000 },
    );
    return {
      clients: CLIENTS,
      changes: Math.round(changes / (ms / 1000)),
      core,
      coreWithoutClients: alone.core,
      messages: clients.reduce((sum, { messages }) => sum + messages, 0) / CLIENTS,
      gaps: clients.reduce((sum, { gaps }) => sum + gaps, 0),
    };
  } finally {
    for (const client of clients) client.close();
    await daemon.stop();
  }
}

const isOk = ({ status }: { readonly status: number }): boolean => status === 200;

async function revisionOf(socket: string): Promise<number> {
  const { body } = await requestOverSocket(socket, 'GET', '/v1/status', 5000);
  return (JSON.parse(body) as StatusJson).catalog.revision;
}

/** The part of a core that the daemon uses, and how often its services change meanwhile. */
async function usage(daemon: Started, ms: number): Promise<{ core: number; changes: number }> {
  const [before, changedBefore, begun] = [
    cpuTime(daemon.pid),
    await setRate(daemon, CHANGES),
    performance.now(),
  ];
  await sleep(ms);
  const changes = (await setRate(daemon, CHANGES)) - changedBefore;
  const core = (cpuTime(daemon.pid) - before) / 1000 / (performance.now() - begun);
  return { core, changes };
}

/** @returns the changes so far */
async function setRate({ child }: Started, changes: number): Promise<number> {
  child.send({ changes });
  const [message] = (await once(child, 'message')) as [{ readonly changed: number }];
  return message.changed;
}

const configOf = (dir: string, port: number): string => `
state: ${dir}/state
log: { level: warn }
dns: { listen: ['127.0.0.1:${port}'], upstreams: [] }
sources: {}
vip: false
api: { listen: ['unix:${dir}/api.sock'] }
`;
