// Waits until the servers of its host have a port of a service: `answer-watcher.ts`, in the namespace of the host. Reads
// tasks from standard input and writes reports to standard output, one JSON a line (two-hosts.ts).
import { createSocket } from 'node:dgram';
import { createInterface } from 'node:readline';
import { RECURSION_DESIRED, decode, encode } from 'dns-packet';

/** Wait until these have an instance at the port. */
export interface WatchTask {
  readonly port: number;
  /** The name in Consul. */
  readonly registered: string;
  /** The SRV name in Fairlead. */
  readonly name: string;
}

export type Server = 'fairlead' | 'consul_http' | 'consul_dns';

/**
 * - `armed`: each server has answered, and none has the port
 * - `early`: a server had the port before that
 * - `seen`: it has the port since `at`, in milliseconds since the epoch, with fractions
 */
export type WatchReport =
  | { readonly kind: 'armed' }
  | { readonly kind: 'early'; readonly server: Server }
  | { readonly kind: 'seen'; readonly server: Server; readonly at: number };

/** Milliseconds between two queries to a DNS server: this bounds the load on the host, and the resolution. */
const PACE = 2;
/** Milliseconds to wait for an answer of a DNS server. */
const PATIENCE = 250;

/** The wall clock, finer than `Date.now()`. */
const now = (): number => performance.timeOrigin + performance.now();

const report = (line: WatchReport): void => {
  process.stdout.write(`${JSON.stringify(line)}\n`);
};

/** Waits for the port at one server. @param answered called at the first answer */
type Wait = (task: WatchTask, answered: (has: boolean) => void) => Promise<number>;

/** A blocking query, which begins at the index of an answer that does not have the port. */
const waitForHttp: Wait = async ({ registered, port }, answered) => {
  let index = '';
  for (;;) {
    const block = index === '' ? '' : `&index=${index}&wait=60s`;
    const answer = await fetch(`http://127.0.0.1:8500/v1/health/service/${registered}?stale${block}`);
    const list = (await answer.json()) as readonly { readonly Service: { readonly Port: number } }[];
    const has = list.some(({ Service }) => Service.Port === port);
    const at = now();
    if (index === '') answered(has);
    if (has) return at;
    index = answer.headers.get('x-consul-index') ?? '1';
  }
};

/** SRV queries, the next one when the answer is there. */
function waitForDns(server: string, serverPort: number, nameOf: (task: WatchTask) => string): Wait {
  const socket = createSocket('udp4');
  let lastId = 0;
  let receive: (message: Buffer) => void = () => undefined;
  socket.on('message', (message) => receive(message));
  socket.on('error', () => undefined); // Refused: the timer sends again.
  const connected = new Promise<void>((resolve) => socket.connect(serverPort, server, resolve));
  return async (task, answered) => {
    await connected;
    const questions = [{ name: nameOf(task), type: 'SRV' as const }];
    const opt = { type: 'OPT', name: '.', udpPayloadSize: 4096, flags: 0, options: [] };
    let isFirst = true;
    return await new Promise((resolve) => {
      let timer: NodeJS.Timeout | undefined;
      const send = (): void => {
        lastId = (lastId + 1) & 0xffff;
        const packet = { type: 'query', id: lastId, flags: RECURSION_DESIRED, questions } as const;
        socket.send(encode({ ...packet, additionals: [opt as never] }));
        timer = setTimeout(send, PATIENCE);
      };
      receive = (message) => {
        const at = now();
        if (message.readUInt16BE(0) !== lastId) return;
        clearTimeout(timer);
        const { answers = [] } = decode(message);
        const has = answers.some((answer) => answer.type === 'SRV' && answer.data.port === task.port);
        if (isFirst) answered(has);
        isFirst = false;
        if (has) resolve(at);
        else timer = setTimeout(send, PACE);
      };
      send();
    });
  };
}

const waits: Readonly<Record<Server, Wait>> = {
  fairlead: waitForDns('169.254.169.250', 53, ({ name }) => name),
  consul_http: waitForHttp,
  consul_dns: waitForDns('127.0.0.1', 8600, ({ registered }) => `${registered}.service.consul`),
};

createInterface({ input: process.stdin }).on('line', (line) => {
  const task = JSON.parse(line) as WatchTask;
  let open = Object.keys(waits).length;
  for (const [server, wait] of Object.entries(waits) as [Server, Wait][]) {
    const answered = (has: boolean): void => {
      if (has) report({ kind: 'early', server });
      if (--open === 0) report({ kind: 'armed' });
    };
    void wait(task, answered).then((at) => report({ kind: 'seen', server, at }));
  }
});
