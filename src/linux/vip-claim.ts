import { createSocket, type Socket } from 'node:dgram';

/** How long the holder of a claim has to say who it is, in ms. */
const ANSWER_MS = 1000;
/** Below 1024: a process without rights cannot keep virtual IPs from the daemon. tcpmux, which no host has. */
const PORT = 1;

/** The right to the rules for virtual IPs of one family on this host. It ends with the process, however that ends. */
export interface VipClaim {
  release(): void;
}

/**
 * Takes the right to the rules for virtual IPs. There is one table a family in a network namespace, and two daemons
 * with state directories of their own do not know of each other: each would replace what the other has written. So
 * the one that has the table holds a socket on loopback, which is as wide as the table is, and says there who it is.
 * @param pool CIDR
 * @throws Error with one line when another daemon has it
 */
export async function claimVips(pool: string): Promise<VipClaim> {
  const address = addressOf(pool);
  try {
    return held(await bind(address), `pid ${process.pid}, with the pool ${pool}`);
  } catch (error) {
    // Without the right to bind it, or without loopback, there is no telling.
    if ((error as NodeJS.ErrnoException).code !== 'EADDRINUSE') return { release: () => undefined };
    throw new Error(
      `another Fairlead (${await whoHas(address)}) leads virtual IPs on this host, and two would take each other's rules away; ` +
        `stop it, or set vip to false in one of the two`,
      { cause: error },
    );
  }
}

function addressOf(pool: string): string {
  return pool.includes(':') ? '127.70.76.6' : '127.70.76.4';
}

function bind(address: string): Promise<Socket> {
  const socket = createSocket('udp4');
  socket.unref();
  return new Promise((resolve, reject) => {
    socket.once('error', (error) => {
      socket.close();
      reject(error);
    });
    socket.bind({ address, port: PORT, exclusive: true }, () => resolve(socket));
  });
}

function held(socket: Socket, name: string): VipClaim {
  socket.removeAllListeners('error');
  socket.on('error', () => undefined);
  socket.on('message', (_, { address, port }) => socket.send(name, port, address));
  let isHeld = true;
  return {
    release() {
      if (isHeld) socket.close();
      isHeld = false;
    },
  };
}

/** @returns `pid 7, with the pool 10.43.0.0/16` */
function whoHas(address: string): Promise<string> {
  const socket = createSocket('udp4');
  return new Promise((resolve) => {
    const told = (name: string): void => {
      clearTimeout(timer);
      resolve(name);
      socket.close();
    };
    const timer = setTimeout(() => told('it does not say which'), ANSWER_MS);
    socket.on('error', () => told('it does not say which'));
    socket.once('message', (name) => told(name.toString('latin1').replace(/[^ -~]/g, '?')));
    socket.send('', PORT, address);
  });
}
