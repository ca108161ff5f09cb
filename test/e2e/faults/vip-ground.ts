import type { ChildProcess } from 'node:child_process';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { VipJson, VipListJson } from '../../../src/api/types/vips-json.js';
import type { ClientNetwork } from '../support/client-network.js';
import { dig } from '../support/dig.js';
import { createEchoNetwork, ECHO_NAME, type EchoNetwork } from '../support/echo-network.js';
import type { Outcome } from './outcome.js';

/** What became of the connections of a time. */
export interface Load {
  readonly opened: number;
  readonly answered: number;
  readonly refused: number;
  readonly lost: number;
  readonly held: number;
  readonly broken: number;
}

/** A daemon with a pool of its own, rules of the kernel included, and clients in another network namespace. */
export class VipGround {
  readonly network: ClientNetwork;
  readonly #app: string;

  private constructor({ network, app }: EchoNetwork) {
    this.network = network;
    this.#app = app;
  }

  static async create(): Promise<VipGround> {
    return new VipGround(await createEchoNetwork('load'));
  }

  /** The address of the virtual IP, as a client has resolved it. */
  async resolve(): Promise<string> {
    return (await dig(this.network.far, ECHO_NAME)).answers.join();
  }

  async vip(): Promise<VipJson> {
    const { vips } = (await this.network.fairlead.api('/v1/vips')) as VipListJson;
    const [vip] = vips;
    if (!vip) throw new Error('there is no virtual IP');
    return vip;
  }

  /** Opens so many connections a second, and holds others open, while something is done. */
  async under(rate: number, held: number, work: () => Promise<void>): Promise<Load> {
    const { vip, port } = await this.vip();
    const args = [join(this.#app, 'load.mjs'), vip, String(port), String(rate), String(held)];
    const client = this.network.far.spawn(process.execPath, args, { stdio: ['pipe', 'pipe', 'inherit'] });
    const said = linesOf(client);
    if ((await said()) !== 'begun') throw new Error('the clients did not begin');
    await work();
    client.stdin?.end();
    return JSON.parse(await said()) as Load;
  }

  /** Runs a program where the daemon runs. */
  host(file: string, ...args: readonly string[]): Promise<string> {
    return this.network.host.must(file, args);
  }

  async close(): Promise<void> {
    await this.network.close();
  }
}

/** Runs a fault on a ground of its own. */
export function onNetwork(work: (ground: VipGround) => Promise<Outcome>): () => Promise<Outcome> {
  return async () => {
    const ground = await VipGround.create();
    try {
      return await work(ground);
    } finally {
      await ground.close();
    }
  };
}

function linesOf({ stdout }: ChildProcess): () => Promise<string> {
  if (!stdout) throw new Error('the clients have no standard output');
  const lines = createInterface({ input: stdout })[Symbol.asyncIterator]();
  return async () => String((await lines.next()).value);
}
