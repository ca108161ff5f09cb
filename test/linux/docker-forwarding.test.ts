import { describe, expect, it } from 'vitest';
import { nftForwarding, orderFault } from '../../src/linux/docker-forwarding.js';

/** As an engine of version 29 writes its table, and nft prints it. */
const table = (rule: string): string => `table ip docker-bridges {
	chain filter-forward-in__bridge1 {
		ct state established,related counter packets 0 bytes 0 accept
		${rule}
		iifname "bridge1" counter packets 0 bytes 0 accept comment "ICC"
		counter packets 0 bytes 0 drop comment "UNPUBLISHED PORT DROP"
	}
}
`;

describe("Docker's own rules of nftables", () => {
  it.each([
    [
      'meta mark & 0x00010000 == 0x00010000 counter packets 0 bytes 0 accept',
      { value: 65_536, mask: 65_536 },
    ],
    ['meta mark & 0x00000003 == 0x00000002 counter packets 1 bytes 60 accept', { value: 2, mask: 3 }],
    ['meta mark 0x00000001 counter packets 0 bytes 0 accept', { value: 1, mask: 0xffffffff }],
  ])('let packets with a mark pass: %s', (rule, mark) => {
    expect(nftForwarding(table(`${rule} comment "ALLOW FW MARK"`))).toEqual({ keepsSources: false, mark });
  });

  it('let nothing pass without one, and the setting is named', () => {
    expect(nftForwarding(table(''))).toMatchObject({
      keepsSources: false,
      obstacle: expect.stringMatching(
        /^Docker's rules .*; set "bridge-accept-fwmark": "0x10000\/0x10000"/,
      ) as string,
    });
  });
});

describe('the order of the chain FORWARD', () => {
  const chain = (...targets: readonly string[]): string =>
    ['-P FORWARD DROP', ...targets.map((target) => `-A FORWARD -j ${target}`), ''].join('\n');

  it('is as Docker makes it', () => {
    expect(orderFault(chain('DOCKER-USER', 'DOCKER-ISOLATION-STAGE-1'))).toBeUndefined();
  });

  it('is not, as engine 20.10 leaves it when it starts again while containers go on', () => {
    expect(orderFault(chain('DOCKER-ISOLATION-STAGE-1', 'DOCKER-USER'))).toMatch(
      /^other rules come before DOCKER-USER; restart Docker/,
    );
    expect(orderFault(chain('ACCEPT'))).toMatch(/^no rule of the chain FORWARD leads to DOCKER-USER; /);
  });
});
