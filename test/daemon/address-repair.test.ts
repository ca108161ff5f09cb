import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { AddressRepair } from '../../src/daemon/address-repair.js';

const LINK_LOCAL = '169.254.169.250';

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
});
afterEach(() => {
  vi.useRealTimers();
});

/** A host whose addresses the test takes away. */
function setup() {
  const present = new Set<string>();
  const said: string[] = [];
  const state: { refused?: string | undefined } = {};
  const host = {
    has: (ip: string) => present.has(ip),
    add: (ip: string) => {
      if (state.refused !== undefined) return Promise.reject(new Error(state.refused));
      present.add(ip);
      return Promise.resolve(true);
    },
  };
  const log = { warn: (line: string) => said.push(line), error: (line: string) => said.push(line) };
  const repair = new AddressRepair(() => [LINK_LOCAL, '192.0.2.10'], log, host);
  repair.start();
  return { repair, present, said, state };
}

it('restores a link-local address within a second, each time, and leaves others to the operator', async () => {
  const { repair, present, said } = setup();
  for (let times = 1; times <= 2; times++) {
    await vi.advanceTimersByTimeAsync(1000);
    expect([...present]).toEqual([LINK_LOCAL]);
    expect(said).toHaveLength(times);
    present.clear();
  }
  expect(said[0]).toBe('169.254.169.250 had been removed from this host; it is on lo again');
  repair.stop();
  await vi.advanceTimersByTimeAsync(5000);
  expect([...present]).toEqual([]);
});

it('keeps trying while the kernel refuses, and says so once', async () => {
  const { repair, present, said, state } = setup();
  state.refused = 'no rights';
  await vi.advanceTimersByTimeAsync(3000);
  expect([[...present], said]).toEqual([[], ['no rights']]);
  state.refused = undefined;
  await vi.advanceTimersByTimeAsync(1000);
  expect([...present]).toEqual([LINK_LOCAL]);
  repair.stop();
});
