import { createSocket } from 'node:dgram';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import dnsPacket, { type Packet, type RecordType } from 'dns-packet';
import { afterEach, beforeEach } from 'vitest';
import { parseConfigText, readText } from '../../src/config/load.js';
import { Daemon } from '../../src/daemon/daemon.js';
import type { LoadedConfig } from '../../src/daemon/loaded-config.js';
import { logTo, type DaemonLog } from '../../src/daemon/daemon-log.js';
import { parseHostPort } from '../../src/net/ip.js';

export const silentLog = logTo('error', { write: () => undefined });

/** A services file with one task of `web.shop`. */
export const services = (ip: string) =>
  `stacks: { shop: { services: { web: { tasks: [{ name: w1, ip: ${ip} }] } } } }\n`;

/** A directory with a services file for each test of the file, and the daemons that a test starts there. */
export class Ground {
  directory = '';
  readonly running: Daemon[] = [];

  constructor() {
    beforeEach(() => {
      this.directory = mkdtempSync(join(tmpdir(), 'fairlead-daemon-'));
      writeFileSync(this.path('services.yaml'), services('192.0.2.1'));
    });
    afterEach(async () => {
      await Promise.all(this.running.splice(0).map((daemon) => daemon.stop()));
      rmSync(this.directory, { recursive: true });
    });
  }

  path(...names: readonly string[]): string {
    return join(this.directory, ...names);
  }

  /** A daemon on loopback without upstreams. @param set `key=value`, as `--set` has it */
  loaded(...set: readonly string[]): LoadedConfig {
    const text = `
state: ${this.path('state')}
dns: { listen: ["127.0.0.1:0"], upstreams: [], ttl: 5, native: off }
sources: { file: { path: ${this.path('services.yaml')} } }
vip: { pool: 127.43.0.0/16, native: off }
api: { listen: ["unix:${this.path('api.sock')}"] }
`;
    const parsed = parseConfigText(text, { set, cwd: this.directory, read: readText });
    if (!parsed.ok) throw new Error(JSON.stringify(parsed.errors));
    return parsed;
  }

  async started(config = this.loaded(), log: DaemonLog = silentLog): Promise<Daemon> {
    const daemon = new Daemon(config, log);
    this.running.push(daemon);
    await daemon.start();
    return daemon;
  }
}

/** Asks over UDP, with no more in the query than `more` says. */
export async function askMessage(
  daemon: Daemon,
  name: string,
  type: RecordType,
  more: Packet = {},
): Promise<Packet> {
  const to = parseHostPort(daemon.status().dns.listen[0] ?? '', 53);
  if (!to) throw new Error('it does not listen');
  const socket = createSocket('udp4');
  try {
    return await new Promise<Packet>((resolve, reject) => {
      socket.once('error', reject);
      socket.once('message', (message) => resolve(dnsPacket.decode(message)));
      socket.send(
        dnsPacket.encode({
          type: 'query',
          id: 7,
          flags: dnsPacket.RECURSION_DESIRED,
          questions: [{ name, type }],
          ...more,
        }),
        to.port,
        to.ip,
      );
    });
  } finally {
    socket.close();
  }
}

/** Asks over UDP. @returns addresses with their TTL, or the response code */
export async function ask(daemon: Daemon, name: string, type: RecordType = 'A'): Promise<string> {
  const reply = await askMessage(daemon, name, type);
  const answers = (reply.answers ?? []).map((each) =>
    each.type === 'A' ? `${each.data}/${each.ttl ?? 0}` : each.type,
  );
  return answers.join(' ') || String((reply as { rcode?: string }).rcode);
}
