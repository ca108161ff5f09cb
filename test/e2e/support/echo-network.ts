import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { CLIENT_ADDRESS, createClientNetwork, type ClientNetwork } from './client-network.js';
import { compile } from './compile.js';
import { until } from './poll.js';

/** The port of the virtual IP, and of its task. */
export const ECHO_PORT = 7000;
export const ECHO_NAME = 'echo.shop.rancher.internal';

const services = {
  stacks: {
    shop: {
      services: {
        echo: {
          ...{ ports: [`${ECHO_PORT}/tcp`], endpoint_mode: 'vip' },
          tasks: [{ name: 'shop_echo_1', ip: CLIENT_ADDRESS }],
        },
      },
    },
  },
};

/** A network with one virtual IP, whose task echoes where the clients are. */
export interface EchoNetwork {
  readonly network: ClientNetwork;
  /** Where the programs of `fixtures/vips` are: `echo.mjs`, and those that were asked for. */
  readonly app: string;
}

/** @param programs further ones of `fixtures/vips` */
export async function createEchoNetwork(...programs: readonly string[]): Promise<EchoNetwork> {
  const network = await createClientNetwork(services, {}, ['--set', 'vip.external=["10.9.0.0/16"]']);
  try {
    const app = join(network.dir, 'vips');
    compile(fileURLToPath(new URL('../fixtures/vips', import.meta.url)), ['echo', ...programs], app);
    network.far.spawn(process.execPath, [join(app, 'echo.mjs'), String(ECHO_PORT)], {
      stdio: ['ignore', 'ignore', 'inherit'],
    });
    const listening = async () => (await network.far.run('ss', ['-lnt'])).stdout;
    await until('the task listens', listening, (seen) => seen.includes(`:${ECHO_PORT} `));
    return { network, app };
  } catch (error) {
    await network.close();
    throw error;
  }
}
