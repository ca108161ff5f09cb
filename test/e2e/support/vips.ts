import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { VipJson, VipListJson } from '../../../src/api/types/vips-json.js';
import { compile } from './compile.js';
import type { Host } from './host.js';
import { composeLabels } from './labels.js';
import { until, untilEqual } from './poll.js';

const fixtures = fileURLToPath(new URL('../fixtures/vips', import.meta.url));
const root = fileURLToPath(new URL('../../..', import.meta.url));

/** What became of a client's requests. */
export interface Traffic {
  readonly new: number;
  readonly kept: number;
  /** Answers from another service. */
  readonly wrong: number;
  readonly failures: readonly {
    readonly kind: 'new' | 'kept';
    /** Who had answered on the connection before. */
    readonly task?: string;
    readonly why: string;
    /** When the request began, in milliseconds since the epoch. */
    readonly at: number;
  }[];
  readonly byTask: Readonly<Record<string, number>>;
}

/** Services in containers, each with a virtual IP. */
export interface VipStack {
  /** Starts `STACK-SERVICE-NUMBER`, a web server; resolves when it is started. */
  web(service: string, number: number, flags?: readonly string[]): Promise<string>;
  /** Starts a DNS server that answers with `answer`. */
  dns(service: string, number: number, answer: string, flags?: readonly string[]): Promise<string>;
  /** The only port of a service's virtual IP. */
  vip(service: string): Promise<VipJson>;
  /** Resolves when just these tasks take connections. */
  untilTaken(service: string, names: readonly string[]): Promise<void>;
}

/** What of a host is needed. */
type Place = Pick<Host, 'dir' | 'docker' | 'fairlead' | 'patience'>;

export function createVipStack(host: Place, stack: string): VipStack {
  const app = join(host.dir, 'vips');
  compile(fixtures, ['web', 'dns'], app);
  const start = async (
    [service, number]: readonly [string, number],
    labels: Readonly<Record<string, string>>,
    command: readonly string[],
    flags: readonly string[] = [],
  ): Promise<string> => {
    const name = `${stack}-${service}-${number}`;
    await host.docker.start(name, {
      image: 'node',
      labels: { ...composeLabels(stack, service, number), 'fairlead.endpoint_mode': 'vip', ...labels },
      flags: [`--volume=${app}:/app:ro`, '--init=false', ...flags],
      command: ['node', ...command],
    });
    return name;
  };
  const self: VipStack = {
    web: (service, number, flags) =>
      start(
        [service, number],
        {
          'fairlead.ports': '80',
          'fairlead.health.type': 'tcp',
          'fairlead.health.port': '80',
          'fairlead.health.interval': '500ms',
          'fairlead.health.rise': '1',
          'fairlead.panic_threshold': '1',
        },
        ['/app/web.mjs', service, `${stack}-${service}-${number}`],
        flags,
      ),
    dns: (service, number, answer, flags) =>
      start(
        [service, number],
        { 'fairlead.ports': '53/udp', 'fairlead.udp_replies': '1' },
        ['/app/dns.mjs', answer],
        flags,
      ),
    async vip(service) {
      const list = (await host.fairlead.api(`/v1/vips?stack=${stack}&service=${service}`)) as VipListJson;
      const [vip] = list.vips;
      if (vip === undefined) throw new Error(`${service}.${stack} has no virtual IP`);
      return vip;
    },
    async untilTaken(service, names) {
      const taken = async (): Promise<readonly string[]> =>
        (await self.vip(service)).tasks
          .filter(({ state }) => state === 'active')
          .map(({ name }) => name)
          .sort();
      await untilEqual(`tasks of ${service}`, taken, [...names].sort(), host.patience());
    },
  };
  return self;
}

export interface TrafficClient {
  /** The address that it has resolved, once. */
  readonly address: string;
  /** Resolves when this many more of each kind were answered. */
  more(count: number): Promise<void>;
  end(): Promise<Traffic>;
}

/** 200 new connections and 200 requests on kept ones a second, from inside a container. */
export async function startTraffic(
  host: Pick<Place, 'docker' | 'patience'>,
  container: string,
  name: string,
  service: string,
): Promise<TrafficClient> {
  const inside = await host.docker.inside(container);
  const script = join(fixtures, 'client.ts');
  const args = ['--import', 'tsx', script, name, '169.254.169.250', service];
  const child = inside.spawn(process.execPath, args, { cwd: root, stdio: ['pipe', 'pipe', 'inherit'] });
  const { stdin, stdout } = child;
  if (stdin === null || stdout === null) throw new Error('the client has no standard input and output');
  const lines: string[] = [];
  const output = createInterface({ input: stdout }).on('line', (line) => lines.push(line));
  const closed = new Promise<void>((resolve) => child.once('close', () => resolve()));
  const begun = (): Promise<number> => Promise.resolve(child.exitCode === null ? lines.length : -1);
  await until('the client has resolved the name', begun, (seen) => seen !== 0, host.patience());
  const answered = async (): Promise<number> => {
    const told = once(output, 'line') as Promise<[line: string]>;
    stdin.write('\n');
    const counts = JSON.parse((await told)[0]) as Pick<Traffic, 'new' | 'kept'>;
    return Math.min(counts.new, counts.kept);
  };
  return {
    address: lines[0] ?? '',
    async more(count) {
      const target = (await answered()) + count;
      await until(`${target} answers`, answered, (seen) => seen >= target, host.patience());
    },
    async end() {
      stdin.end();
      await closed;
      return JSON.parse(lines.at(-1) ?? '{}') as Traffic;
    },
  };
}
