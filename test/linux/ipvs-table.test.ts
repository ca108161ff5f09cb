import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  changesOfIpvs,
  parseIpvs,
  parseListing,
  parseStats,
  type IpvsDestination,
  type IpvsService,
  type IpvsTable,
} from '../../src/linux/ipvs-table.js';

const destination = fc.record({
  weight: fc.nat(65_535),
  upper: fc.nat(1000),
  lower: fc.nat(1000),
});
const service: fc.Arbitrary<IpvsService> = fc
  .record({
    scheduler: fc.constantFrom('rr', 'wlc', 'sh', 'mh'),
    flags: fc.option(fc.constantFrom(['sh-fallback'], ['mh-fallback', 'mh-port']), { nil: undefined }),
    persistent: fc.option(fc.integer({ min: 1, max: 86_400 }), { nil: undefined }),
    destinations: fc.array(
      fc.tuple(fc.constantFrom('10.1.0.1:80', '10.1.0.2:80', '[fd00::1]:80'), destination),
    ),
  })
  .map(({ scheduler, flags, persistent, destinations }) => ({
    scheduler,
    ...(flags && { flags }),
    ...(persistent !== undefined && { persistent }),
    destinations: new Map(destinations),
  }));
const table: fc.Arbitrary<IpvsTable> = fc
  .array(fc.tuple(fc.constantFrom('-t 10.43.0.2:80', '-u 10.43.0.2:53', '-t [fd43::2]:80', '-f 7'), service))
  .map((services) => new Map(services));

/** What the kernel does with lines: it refuses what is there already, or is not there. */
function carriedOut(before: IpvsTable, lines: readonly string[]): IpvsTable {
  const after = new Map(
    Array.from(before, ([at, each]) => [at, { ...each, destinations: new Map(each.destinations) }]),
  );
  for (const line of lines) {
    const [action = '', kind = '', address = '', ...words] = line.split(' ');
    const at = `${kind} ${address}`;
    const valueOf = (option: string) =>
      words.includes(option) ? words[words.indexOf(option) + 1] : undefined;
    const known = after.get(at);
    expect(known !== undefined, line).toBe(action !== '-A');
    const to = valueOf('-r') ?? '';
    if ('-a -e -d'.includes(action)) expect(known?.destinations.has(to), line).toBe(action !== '-a');
    const [flags, persistent] = [valueOf('-b')?.split(','), valueOf('-p')];
    if (action === '-A' || action === '-E')
      after.set(at, {
        scheduler: valueOf('-s') ?? '',
        ...(flags && { flags }),
        ...(persistent !== undefined && { persistent: Number(persistent) }),
        destinations: known?.destinations ?? new Map<string, IpvsDestination>(),
      });
    else if (action === '-D') after.delete(at);
    else if (action === '-d') known?.destinations.delete(to);
    else
      known?.destinations.set(to, {
        ...{ weight: Number(valueOf('-w')), upper: Number(valueOf('-x')), lower: Number(valueOf('-y')) },
      });
  }
  return after;
}

describe("IPVS's table", () => {
  it('becomes another one by the difference between the two', () => {
    fc.assert(
      fc.property(table, table, (before, after) => {
        const changes = changesOfIpvs(before, after);
        expect(carriedOut(before, changes)).toEqual(after);
        expect(changesOfIpvs(after, after)).toEqual([]);
      }),
    );
  });

  it('is read as it was printed', () => {
    fc.assert(
      fc.property(table, (each) => {
        const limits = [...each].flatMap(([at, { destinations }]) => [
          `${at.startsWith('-f') ? 'FWM' : at.startsWith('-t') ? 'TCP' : 'UDP'}  ${at.slice(3)} rr`,
          ...Array.from(
            destinations,
            ([to, { upper, lower }]) => `  -> ${to}   ${upper}   ${lower}   0   0    `,
          ),
        ]);
        expect(
          parseIpvs(
            changesOfIpvs(new Map(), each).join('\n'),
            limits.map((line) => line.replace(/(\d) +$/, '$1')).join('\n'),
          ),
        ).toEqual(each);
      }),
    );
  });

  it('adds before it removes, so that a service always has a task', () => {
    const of = (to: string): IpvsTable =>
      new Map([
        [
          '-t 10.43.0.2:80',
          { scheduler: 'rr', destinations: new Map([[to, { weight: 1, upper: 0, lower: 0 }]]) },
        ],
      ]);
    expect(changesOfIpvs(of('10.1.0.1:80'), of('10.1.0.2:80'))).toEqual([
      '-a -t 10.43.0.2:80 -r 10.1.0.2:80 -m -w 1 -x 0 -y 0',
      '-d -t 10.43.0.2:80 -r 10.1.0.1:80',
    ]);
  });

  it('is read as ipvsadm 1.31 prints it', () => {
    const rules = `-A -t 10.96.0.1:80 -s sh -p 300 -b sh-fallback,sh-port
-a -t 10.96.0.1:80 -r 10.1.0.2:8080 -m -w 3
-A -u 10.96.0.1:53 -s mh -o
-a -u 10.96.0.1:53 -r 10.1.0.2:53 -m -w 0
-A -t [fd00::1]:80 -s wlc -p 360
-a -t [fd00::1]:80 -r [fd01::2]:8080 -m -w 65535
-A -f 7 -s ovf
`;
    const listing = `IP Virtual Server version 1.2.1 (size=4096)
Prot LocalAddress:Port            Uthreshold Lthreshold ActiveConn InActConn 
  -> RemoteAddress:Port
TCP  10.96.0.1:80 sh (sh-fallback,sh-port) persistent 300
  -> 10.1.0.2:8080                10         5          2          1         
UDP  10.96.0.1:53 mh ops
  -> 10.1.0.2:53                  0          0          0          0         
FWM  7 ovf
`;
    const found = parseIpvs(rules, listing);
    expect(found.get('-t 10.96.0.1:80')).toEqual({
      ...{ scheduler: 'sh', flags: ['sh-fallback', 'sh-port'], persistent: 300 },
      destinations: new Map([['10.1.0.2:8080', { weight: 3, upper: 10, lower: 5 }]]),
    });
    expect([...found.keys()]).toEqual(['-t 10.96.0.1:80', '-u 10.96.0.1:53', '-t [fd00::1]:80', '-f 7']);
    expect(parseListing(listing).get('-t 10.96.0.1:80 10.1.0.2:8080')).toEqual({
      ...{ upper: 10, lower: 5, active: 2, inactive: 1 },
    });
  });

  it('counts connections of each destination', () => {
    const listing = `Prot LocalAddress:Port               Conns   InPkts  OutPkts  InBytes OutBytes
  -> RemoteAddress:Port
TCP  10.96.0.1:80                        9        0        0        0        0
  -> 10.1.0.2:8080                       7        1        2        3        4
TCP  [fd00::1]:80                        0        0        0        0        0
  -> [fd01::2]:8080                      1        0        0        0        0
`;
    expect([...parseStats(listing)]).toEqual([
      ['-t 10.96.0.1:80 10.1.0.2:8080', 7],
      ['-t [fd00::1]:80 [fd01::2]:8080', 1],
    ]);
  });
});
