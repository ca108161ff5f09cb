import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { thisKernel, type KernelHost } from '../../../src/balancer/nftables/kernel-host.js';
import { nftablesPlaneSpec } from '../../../src/balancer/nftables/nftables-plane.js';
import type { ClientNetworks, DataPlane, VirtualService } from '../../../src/balancer/plane.js';
import { thisHost } from '../../../src/balancer/plane-host.js';
import { silentLog } from '../../../src/net/log.js';
import { describeDataPlane } from '../data-plane/conformance.js';
import type { CrossingOutcome } from '../../../src/linux/bridge-crossing.js';
import type { LedFlow } from '../../../src/linux/conntrack.js';
import type { NftOutcome } from '../../../src/linux/nft.js';
import { recordedLog } from '../../support/recorded-log.js';
import { FakeHost } from '../proxy/fake-host.js';
import { backend, tcpService } from '../proxy/peer.js';
import { ownPort } from '../../support/own-port.js';

let planes = 0;

describeDataPlane('nftables, where it leaves everything to the proxy', () => {
  const own = nftablesPlaneSpec({ proxy: { native: false }, isChosen: false }).open({
    ...{ host: thisHost, onSignal: () => undefined, log: silentLog },
  });
  const third = planes++;
  return Promise.resolve({
    plane: own,
    vip: (n: number) => ({ ip: `127.93.${third}.${n}`, port: ownPort }),
    close: () => own.close(),
  });
});

/** Its addresses are loopback's for the listeners; the host is told that they are not. */
const POOL = '127.97.0.0/16';
const VIP = { ip: '127.97.0.2', port: ownPort };
const CLIENTS: ClientNetworks = {
  networks: [{ id: 'front', subnets: ['10.88.0.0/24'], bridge: 'br0', hasHost: true }],
  ...{ addresses: [], host: [], external: [] },
};
const web = (over: Partial<VirtualService> = {}): VirtualService =>
  tcpService(VIP, [backend('a', { ip: '10.88.0.11', port: 80 })], over);

class Host extends FakeHost {
  override readonly isLocal = (): boolean => false;
}

let host: Host;
let logged: string[];
let written: string[];
let plane: DataPlane;
/** What the kernel lacks. */
let lacks: { rules?: string; table?: string; conntrack?: string; forwarding?: true };
let isLeft: boolean;
let silenced: string[];
/** What the kernel still leads. */
let flows: LedFlow[];
/** Of a trial from one bridge to another. */
let outcome: CrossingOutcome;
/** How often Docker's rules were put back. */
let stopped: number;

const kernel: KernelHost = {
  ...thisKernel,
  tryKernelRules: () => Promise.resolve(lacks.rules),
  hasKernelRules: () => Promise.resolve(isLeft),
  countConnections: () => Promise.resolve(undefined),
  conntrackFault: () => Promise.resolve(lacks.conntrack),
  ledFlows: () => Promise.resolve(flows),
  forgetFlows: () => Promise.resolve(),
  passDocker: () => Promise.resolve({ keepsSources: true }),
  stopPassingDocker: () => {
    stopped++;
    return Promise.resolve();
  },
  tryCrossings: (_, crossings) => Promise.resolve(crossings.map(() => outcome)),
  isForwarding: () => !lacks.forwarding,
  areBridgesFiltered: () => false,
  silenceRedirects: (interfaces) => {
    silenced.push(...interfaces);
    return (isLeft) => void silenced.push(isLeft ? 'left' : 'undone');
  },
};

function open(isChosen = true): DataPlane {
  const take = (script: string): Promise<NftOutcome> => {
    const refusal = /map (ip fairlead_vip )?vips /.test(script) ? lacks.table : undefined;
    if (refusal === undefined) written.push(script);
    return Promise.resolve(refusal === undefined ? { ok: true, output: '' } : { ok: false, why: refusal });
  };
  const writer = { load: take, shell: { run: take, close: () => undefined } };
  return nftablesPlaneSpec({ proxy: { native: false }, isChosen, kernel, writer }).open({
    ...{ host, onSignal: () => undefined, log: recordedLog(logged) },
    vantages: (networks) => new Map(Array.from(networks, (id) => [id, { namespaces: [id], ip: '10.0.0.2' }])),
  });
}

async function begin(isChosen = true, clients = CLIENTS): Promise<void> {
  plane = open(isChosen);
  await plane.use(POOL);
  await plane.admit(clients);
}

const BOTH: ClientNetworks = {
  ...CLIENTS,
  networks: [...CLIENTS.networks, { id: 'back', subnets: ['10.99.0.0/24'], bridge: 'br1', hasHost: true }],
};

const lines = (): readonly string[] => logged.filter((line) => !line.startsWith('added the local route'));
const carrier = async (): Promise<unknown> => (await plane.counters())[0]?.carrier;

describe('the nftables plane', () => {
  beforeEach(() => {
    [host, logged, written, silenced] = [new Host(), [], [], []];
    [lacks, isLeft, flows] = [{}, false, []];
    [outcome, stopped] = [{ kind: 'open' }, 0];
  });
  afterEach(() => {
    vi.useRealTimers();
    return plane.close();
  });

  it('has the kernel carry what it can, and says so', async () => {
    await begin();
    expect(await plane.apply([web()])).toEqual([]);
    expect(await carrier()).toEqual({ plane: 'nftables', scope: 'br0 and the host' });
    expect(plane.figures().kernel).toEqual({ services: 1 });
    expect(written.at(-1)).toContain(`"br0" . ${VIP.ip} . tcp . ${VIP.port} : jump tcp_127.97.0.2_`);
    expect(silenced).toEqual(['br0']);
    expect([plane.refusals?.(), lines()]).toEqual([[], []]);
  });

  it.each([
    [true, 1],
    [false, 0],
  ])(
    'leaves the rest to the proxy; that is a problem where it was chosen: %s',
    async (isChosen, problems) => {
      await begin(isChosen);
      expect(await plane.apply([web({ scheduler: 'wlc' })])).toEqual([]);
      const why = 'the scheduler wlc needs to know how many connections are open';
      expect(await carrier()).toEqual({ plane: 'proxy', why });
      expect(plane.refusals?.()).toHaveLength(problems);
      if (problems > 0)
        expect(plane.refusals?.()[0]?.message).toBe(
          `the proxy carries it, not the kernel, because ${why}; change that, or set vip.dataPlane to auto if it is meant so`,
        );
    },
  );

  it('without a feature of the kernel goes on with the proxy, and says which one in one line', async () => {
    lacks = { rules: 'Error: Could not process rule: Not supported' };
    await begin();
    expect(await plane.apply([web()])).toEqual([]);
    const why = 'this kernel cannot lead connections to tasks (Error: Could not process rule: Not supported)';
    expect(await carrier()).toEqual({ plane: 'proxy', why });
    expect(plane.figures().kernel).toEqual({ services: 0, why });
    expect(plane.refusals?.()).toEqual([{ message: `the proxy carries virtual IPs, because ${why}` }]);
    await plane.repair();
    expect(lines()).toEqual([`the proxy carries virtual IPs, because ${why}`]);
    expect(written.join('')).not.toContain('map vips ');
    // It is there now.
    lacks = {};
    await plane.repair();
    expect(await carrier()).toMatchObject({ plane: 'nftables' });
  });

  it('is left when the kernel refuses its rules, and traffic goes on over the proxy', async () => {
    lacks = { table: 'Error: no room' };
    await begin();
    expect(await plane.apply([web()])).toEqual([]);
    expect(await carrier()).toMatchObject({ plane: 'proxy', why: 'its rules are refused (Error: no room)' });
    expect(written.at(-1)).toContain(`${VIP.ip} . ${VIP.port} : ${VIP.ip} . `);
  });

  it('leaves datagrams to the proxy where flows cannot be ended', async () => {
    lacks = { conntrack: 'the command conntrack is not installed' };
    await begin();
    await plane.apply([web({ protocol: 'udp' })]);
    expect(await carrier()).toMatchObject({
      ...{ plane: 'proxy', why: expect.stringContaining('the command conntrack is not installed') as string },
    });
  });

  it('carries the host only where packets are not forwarded', async () => {
    lacks = { forwarding: true };
    await begin();
    await plane.apply([web()]);
    const why = 'the host does not forward packets; set net.ipv4.ip_forward to 1';
    expect(await carrier()).toEqual({ plane: 'nftables', scope: 'the host', left: [{ bridge: 'br0', why }] });
    expect(lines()).toHaveLength(1);
    expect(lines()[0]).toContain('net.ipv4.ip_forward');
  });

  it('leaves its rules when it ends, without those to its listeners, and takes over what is left', async () => {
    await begin();
    await plane.apply([web()]);
    host.done = [];
    await plane.close();
    expect(host.done).toEqual([]);
    expect(written.at(-1)).toContain('delete element ip fairlead_vip ports');
    expect(silenced).toEqual(['br0', 'left']);
    isLeft = true;
    written = [];
    await begin();
    expect(written).toEqual([]);
    await plane.apply([web()]);
    expect(written).toHaveLength(1);
    expect(written[0]).toContain('elements = { "br0" . 127.97.0.2');
  });

  it('restores settings when a plane of another kind has taken over and the last connection is over', async () => {
    vi.useFakeTimers();
    await begin();
    await plane.apply([web()]);
    flows = [{ protocol: 'tcp', vip: VIP.ip, port: VIP.port, task: '10.88.0.11', taskPort: 80 }];
    let isDrained = false;
    await plane.replaced?.();
    const drained = plane.drain(true).then(() => (isDrained = true));
    await vi.advanceTimersByTimeAsync(10_000);
    expect([isDrained, silenced]).toEqual([false, ['br0']]);
    flows = [];
    await vi.advanceTimersByTimeAsync(10_000);
    await drained;
    host.done = [];
    await plane.close(true);
    expect([silenced, host.done]).toEqual([['br0', 'undone'], []]);
  });

  it.each([true, false])(
    'leaves settings as they are to a daemon that takes over, connections or not: %s',
    async (isOpen) => {
      await begin();
      await plane.apply([web()]);
      if (isOpen)
        flows = [{ protocol: 'tcp', vip: VIP.ip, port: VIP.port, task: '10.88.0.11', taskPort: 80 }];
      await plane.drain(true);
      await plane.close(true);
      expect(silenced).toEqual(['br0', 'left']);
    },
  );

  it('leaves nothing where virtual IPs are turned off, or the kernel carried nothing', async () => {
    await begin();
    await plane.apply([web()]);
    host.done = [];
    await plane.use(undefined);
    expect(host.done).toEqual([`no rules ${POOL}`, `no route ${POOL}`]);
    expect(silenced).toContain('undone');
    await plane.use(POOL);
    await plane.apply([web({ scheduler: 'lc' })]);
    host.done = [];
    await plane.close();
    expect(host.done).toEqual([`no rules ${POOL}`, `no route ${POOL}`]);
  });

  it('leads connections from another bridge once a trial has shown that they pass', async () => {
    await begin(true, BOTH);
    await plane.apply([web()]);
    const left = [{ bridge: 'br1', why: 'the way to br0 has not been tried yet' }];
    await vi.waitFor(async () =>
      expect(await carrier()).toEqual({ plane: 'nftables', scope: 'br0, br1 and the host' }),
    );
    expect(written[0]).not.toContain(`"br1" . ${VIP.ip}`);
    expect(written.at(-1)).toContain(`"br1" . ${VIP.ip} . tcp . ${VIP.port} : jump tcp_127.97.0.2_`);
    expect(written.at(-1)).toContain('kept { "br1" . "br0" }');
    expect(plane.figures().kernel?.ways).toEqual([{ from: 'br1', to: 'br0', source: 'client' }]);
    // A rule of another program is in the way now.
    outcome = { kind: 'closed', why: 'a rule drops it' };
    await plane.repair();
    await vi.waitFor(async () =>
      expect(await carrier()).toMatchObject({
        scope: 'br0 and the host',
        left: [{ ...left[0], why: 'a rule drops it' }],
      }),
    );
    expect(plane.figures().kernel?.ways).toEqual([{ from: 'br1', to: 'br0', why: 'a rule drops it' }]);
    expect(lines()).toEqual([
      'the kernel carries connections from br1 to br0',
      'the proxy carries connections from br1 to br0, because a rule drops it',
    ]);
    await plane.use(undefined);
    expect(stopped).toBe(1);
  });

  it('leaves the rules to another plane that takes over, whatever it finds out afterwards', async () => {
    await begin(true, BOTH);
    await plane.apply([web()]);
    await vi.waitFor(async () => expect(await carrier()).toMatchObject({ scope: 'br0, br1 and the host' }));
    await plane.replaced?.();
    const before = written.length;
    outcome = { kind: 'closed', why: 'a rule drops it' };
    await plane.repair();
    await vi.waitFor(() =>
      expect(lines()).toContain('the proxy carries connections from br1 to br0, because a rule drops it'),
    );
    await plane.repair();
    expect(written).toHaveLength(before);
  });

  it('has packets pass as long as a connection needs that, after another plane has taken over', async () => {
    vi.useFakeTimers();
    await begin(true, BOTH);
    await plane.apply([web()]);
    await vi.waitFor(async () => expect(await carrier()).toMatchObject({ scope: 'br0, br1 and the host' }));
    flows = [{ protocol: 'tcp', vip: VIP.ip, port: VIP.port, task: '10.88.0.11', taskPort: 80 }];
    await plane.replaced?.();
    void plane.drain(true);
    await plane.close(true);
    await vi.advanceTimersByTimeAsync(60_000);
    expect(stopped).toBe(0);
    flows = [];
    await vi.advanceTimersByTimeAsync(10_000);
    expect(stopped).toBe(1);
  });

  it('changes only what is different, and writes all after another program changed it', async () => {
    await begin();
    await plane.apply([web()]);
    written = [];
    const two = [backend('a', { ip: '10.88.0.11', port: 80 }), backend('b', { ip: '10.88.0.12', port: 80 })];
    await plane.apply([web({ backends: two })]);
    await plane.apply([web({ backends: two })]);
    expect(written).toHaveLength(1);
    expect(written[0]).toMatch(/^add element|^delete element|^flush chain/);
    expect(written[0]).toContain('numgen inc mod 2');
  });
});
