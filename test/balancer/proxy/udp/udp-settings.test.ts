import { describe, expect, it } from 'vitest';
import { udpSettings } from '../../../../src/balancer/proxy/udp/udp-settings.js';

describe('the settings of a UDP service', () => {
  it.each([
    [
      'nothing said',
      {},
      { replies: undefined, timeouts: { unreplied: 30_000, replied: 120_000 }, drain: 30_000 },
    ],
    [
      'no replies counted',
      { replies: 0 },
      { replies: undefined, timeouts: { unreplied: 30_000, replied: 120_000 } },
    ],
    ['replies counted', { replies: 1 }, { replies: 1, timeouts: { unreplied: 5000, replied: 5000 } }],
    [
      'times said',
      { replies: 2, timeouts: { udpUnreplied: 0, udp: 7, drain: 8 } },
      { replies: 2, timeouts: { unreplied: Infinity, replied: 7 }, drain: 8 },
    ],
    ['drains for ever', { timeouts: { drain: 0 } }, { drain: Infinity }],
  ])('%s', (_name, service, settings) => {
    expect(udpSettings(service)).toMatchObject(settings);
  });
});
