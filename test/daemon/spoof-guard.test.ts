import { beforeEach, describe, expect, it } from 'vitest';
import { Catalog } from '../../src/catalog/catalog.js';
import type { FactSink } from '../../src/catalog/facts.js';
import { SpoofGuard, type GuardHost } from '../../src/daemon/spoof-guard.js';
import { tableOf } from '../../src/linux/source-guard.js';
import type { HostPort } from '../../src/net/ip.js';

const network = (id: string, subnet: string, bridge?: string) => ({
  ...{ id, name: id, driver: 'bridge', internal: false, subnets: [subnet], gateways: [] },
  ...(bridge !== undefined && { bridge }),
});
const front = network('front', '172.20.0.0/16', 'br-front');
const back = network('back', '172.21.0.0/16', 'br-back');
const elsewhere = network('lan', '192.0.2.0/24');

describe('the guard against forged sources', () => {
  let sink: FactSink;
  let guard: SpoofGuard;
  let listen: HostPort[];
  let done: string[];
  let told: unknown[][];
  let refusal: string | undefined;
  let tamper: () => void;

  beforeEach(() => {
    [listen, done, told, refusal] = [[{ ip: '169.254.169.250', port: 53 }], [], [], undefined];
    const host: GuardHost = {
      write: ({ listen: at, networks }) => {
        done.push(`write ${at.map(({ ip }) => ip).join()} ${networks.join()}`);
        return refusal === undefined ? Promise.resolve() : Promise.reject(new Error(refusal));
      },
      remove: (at) => {
        done.push(`remove ${at.map(({ ip }) => ip).join()}`);
        return Promise.resolve();
      },
      watch: (_, onTampered) => {
        tamper = onTampered;
        return () => done.push('unwatch');
      },
    };
    const catalog = new Catalog();
    sink = catalog.sink('docker');
    const note = (...line: unknown[]) => void told.push(line);
    const log = { trace: note, debug: note, info: note, warn: note, error: note };
    guard = new SpoofGuard(catalog, () => listen, log, host);
  });

  /** Stops it when everything is done, as if another process went on. */
  const settle = async () => {
    await new Promise(setImmediate);
    await guard.stop(true);
  };

  it('guards the networks that have a bridge', async () => {
    sink.replace({ tasks: [], networks: [front, back, elsewhere] });
    guard.start();
    await settle();
    expect(done).toEqual(['write 169.254.169.250 172.20.0.0/16,172.21.0.0/16', 'unwatch']);
  });

  it('does nothing for loopback, where no network leads', async () => {
    listen = [{ ip: '127.0.0.1', port: 53 }];
    sink.replace({ tasks: [], networks: [front] });
    guard.start();
    await settle();
    expect(done).toEqual([]);
  });

  it('does nothing without one', async () => {
    sink.replace({ tasks: [], networks: [elsewhere] });
    guard.start();
    await settle();
    expect(done).toEqual([]);
  });

  it('follows networks and listeners', async () => {
    guard.start();
    sink.replace({ tasks: [], networks: [front] });
    sink.replace({ tasks: [], networks: [front, back] });
    listen = [{ ip: '10.0.0.1', port: 53 }];
    guard.reload();
    await settle();
    expect(done.at(-2)).toBe('write 10.0.0.1 172.20.0.0/16,172.21.0.0/16');
  });

  it('writes again what another program has changed', async () => {
    sink.replace({ tasks: [], networks: [front] });
    guard.start();
    await new Promise(setImmediate);
    tamper();
    await settle();
    expect(done).toEqual([
      'write 169.254.169.250 172.20.0.0/16',
      'write 169.254.169.250 172.20.0.0/16',
      'unwatch',
    ]);
  });

  it('is removed at the end, unless a successor goes on', async () => {
    sink.replace({ tasks: [], networks: [front] });
    guard.start();
    await new Promise(setImmediate);
    await guard.stop();
    expect(done).toEqual(['write 169.254.169.250 172.20.0.0/16', 'unwatch', 'remove 169.254.169.250']);
  });

  it('says once that the kernel refuses, and goes on', async () => {
    refusal = 'Operation not permitted';
    sink.replace({ tasks: [], networks: [front] });
    guard.start();
    guard.reload();
    await settle();
    expect(done).toHaveLength(2);
    expect(told).toEqual([
      [
        'packets with forged addresses of other networks are not recognised',
        { why: 'Operation not permitted' },
      ],
    ]);
  });
});

describe('the table of some listeners', () => {
  it('has a name of its own', () => {
    const table = (...at: HostPort[]) => tableOf(at);
    expect(table({ ip: '169.254.169.250', port: 53 })).toBe('fairlead_dns_169_254_169_250_53');
    expect(table({ ip: 'fd00::1', port: 53 })).toBe('fairlead_dns_fd00__1_53');
    expect(table({ ip: '10.0.0.1', port: 53 }, { ip: '0.0.0.0', port: 53 })).toBe('fairlead_dns_0_0_0_0_53');
  });
});
