import { afterEach, expect, it } from 'vitest';
import { CHECKS, load, startApi, stopApi, UNHEALTHY_ID, VIPS, type Fixture } from '../api/fixture.js';
import { fairlead } from './run.js';

let fixture: Fixture;
afterEach(() => stopApi(fixture));

/** Watches; does what `act` says once the watch has begun, and ends when a line of stdout has come. */
async function watched(line: string, act: () => void) {
  return fairlead(line, {
    env: { FAIRLEAD_ADDR: `unix:${fixture.socket}` },
    onStdout: () => {
      // Watching has no end of its own; a fault ends it.
      throw new Error('enough');
    },
    onStderr: (text) => {
      if (text.includes('watching')) act();
    },
  });
}

it('vips --watch has a change of state from the stream, for the service that was asked for', async () => {
  fixture = await startApi();
  load(fixture);
  fixture.vips.list = VIPS;
  const { stdout, stderr } = await watched('vips web.shop --watch', () => {
    fixture.vips.list = VIPS.map((vip) => (vip.port === 80 ? { ...vip, state: 'empty' as const } : vip));
  });
  expect(stderr).toMatch(/^watching 2 ports of virtual IPs\n/);
  expect(stdout).toMatch(/10\.43\.7\.1:80\/tcp +web\.shop +- +up -> empty\n/);
});

it.each(['health --watch --stack shop', 'health web.shop --watch', 'health shop_web_2 --watch'])(
  '%s has a change of health from the stream',
  async (line) => {
    fixture = await startApi();
    load(fixture);
    const { stdout } = await watched(line, () => {
      fixture.health.checks = CHECKS.map((row) =>
        row.task === UNHEALTHY_ID ? { ...row, health: 'healthy' as const } : row,
      );
    });
    expect(stdout).toMatch(/web\.shop +shop_web_2 +unhealthy -> healthy/);
  },
);
