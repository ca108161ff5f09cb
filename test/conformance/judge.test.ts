import { expect, it } from 'vitest';
import { Catalog } from '../../src/catalog/catalog.js';
import { TYPE } from '../../src/wire/constants.js';
import { nodata, noerror, records, udp } from './cases/build.js';
import { goldenFacts } from './golden/facts.js';
import { judge } from './judge.js';
import { query } from './packets.js';
import { responderOf } from './targets/fairlead.js';

const judged = (reply: Buffer, row: Parameters<typeof judge>[0]) =>
  judge(row, { replies: [reply], closed: false }, { recursion: true });

it.each([
  ['an answer', TYPE.A, noerror(records('web-1', 'A 10.42.0.11'), { exactCase: true, opt: {} })],
  ['a denial', TYPE.AAAA, nodata({ exactCase: true, opt: {} })],
])('sees every wrong bit in %s', async (name, type, expected) => {
  const catalog = new Catalog({ clock: () => 0 });
  const sink = catalog.sink('golden');
  sink.replace(goldenFacts());
  sink.status({ state: 'live', asOf: 0 });
  const packet = query('web-1', type, { opt: {} });
  const client = { address: '127.0.0.1', port: 40_000, transport: 'udp' } as const;
  const reply = await responderOf(catalog, 'open', []).respond(packet, client);
  if (!reply) throw new Error('no reply');
  const row = udp(0, name, packet, expected);
  expect(judged(reply, row)).toEqual([]);
  const unseen: string[] = [];
  for (let bit = 0; bit < reply.length * 8; bit++) {
    const wrong = Buffer.from(reply);
    wrong.writeUInt8(wrong.readUInt8(bit >> 3) ^ (1 << (bit & 7)), bit >> 3);
    if (judged(wrong, row).length === 0) unseen.push(`octet ${bit >> 3}, bit ${bit & 7}`);
  }
  expect(unseen).toEqual([]);
});
