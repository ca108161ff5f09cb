// A UDP proxy in a process of its own, for bench/vip/udp.ts: `udp-server NAME VIP TASK REPLIES`. Over the channel to its parent
// it says its port, and what CPU time it has used whenever it is asked.
import { createSocket, type Socket } from 'node:dgram';
import { FlowBudget, flowLimits } from '../../src/balancer/flows/flow-budget.js';
import { listenUdp } from '../../src/balancer/proxy/udp/udp-frontend.js';
import { createScheduler } from '../../src/balancer/schedulers/all-schedulers.js';
import { parseHostPort, type HostPort } from '../../src/net/ip.js';

const IDLE_MS = 30_000;

/** What one writes who has not looked at the cost: text keys, a timer a session, a new socket a session. */
function serveNaive(vip: HostPort, task: HostPort, replies: number): Promise<number> {
  interface Session {
    readonly upstream: Socket;
    timer: NodeJS.Timeout;
    queue: Buffer[] | undefined;
  }
  const sessions = new Map<string, Session>();
  const server = createSocket({ type: 'udp4', recvBufferSize: 4 * 1024 * 1024 });
  server.on('message', (datagram, { address, port }) => {
    const key = `${address}:${port}`;
    const known = sessions.get(key);
    if (known) {
      clearTimeout(known.timer);
      known.timer = setTimeout(() => end(key, known), IDLE_MS);
      if (known.queue) known.queue.push(datagram);
      else known.upstream.send(datagram);
      return;
    }
    const upstream = createSocket('udp4');
    const session: Session = {
      upstream,
      queue: [datagram],
      timer: setTimeout(() => end(key, session), IDLE_MS),
    };
    sessions.set(key, session);
    upstream.on('error', () => end(key, session));
    upstream.on('message', (reply) => {
      clearTimeout(session.timer);
      session.timer = setTimeout(() => end(key, session), IDLE_MS);
      server.send(reply, port, address);
      if (replies > 0) end(key, session);
    });
    upstream.connect(task.port, task.ip, () => {
      for (const each of session.queue ?? []) upstream.send(each);
      session.queue = undefined;
    });
  });
  const end = (key: string, session: Session): void => {
    clearTimeout(session.timer);
    if (sessions.delete(key)) session.upstream.close();
  };
  return new Promise((resolve) => {
    server.bind(vip.port, vip.ip, () => resolve(server.address().port));
  });
}

async function serveFairlead(
  vip: HostPort,
  task: HostPort,
  replies: number,
  batches: boolean,
): Promise<number> {
  const { address } = await listenUdp(
    {
      service: 'bench/udp/echo',
      vip: vip.ip,
      port: vip.port,
      protocol: 'udp',
      scheduler: 'rr',
      backends: [{ id: 'task', name: 'task', address: task, weight: 1, state: 'active' }],
      ...(replies > 0 && { replies }),
    },
    {
      createScheduler: ({ scheduler }) => createScheduler(scheduler),
      now: () => performance.now(),
      onSignal: () => undefined,
      limits: new FlowBudget(flowLimits(65_536)),
      log: { warn: (message) => void process.stderr.write(`${message}\n`) },
    },
    { batches },
  );
  return address.port;
}

const [name = '', vipText = '', taskText = '', repliesText = '0'] = process.argv.slice(2);
const [vip, task] = [parseHostPort(vipText, 0), parseHostPort(taskText, 0)];
if (!vip || !task) throw new Error('usage: udp-server NAME VIP TASK REPLIES');
const replies = Number(repliesText);
const port = await (name === 'naive'
  ? serveNaive(vip, task, replies)
  : serveFairlead(vip, task, replies, name === 'fairlead'));
process.on('message', () => process.send?.(process.cpuUsage()));
process.on('disconnect', () => process.exit());
process.send?.({ port });
