import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { dnsMessageJson } from '../../src/api/dns-message.js';
import { CLASS, typeName } from '../../src/wire/constants.js';
import { decodeMessage } from '../../src/wire/message.js';
import { rdataToText } from '../../src/wire/record-text.js';
import { recordKinds } from '../../src/wire/record-kinds.js';
import { readRdata } from '../../src/wire/rdata.js';
import { composeReply } from '../../src/wire/reply.js';
import { formatRecord, parseRecord, WRITABLE_TYPES } from '../../src/wire/static-record.js';
import { question, zoneOf } from '../dns/zone/support.js';
import { anyRdata } from './arbitrary.js';
import { name } from './helpers.js';

const rows = [...recordKinds].map(([kind, row]) => ({ kind, ...row, name: typeName(row.type) }));
const writable = rows.filter(({ example }) => example !== undefined);

/** A row of the table is all that a type needs: nothing here names a type. */
describe('a row of the table', () => {
  it.each(rows)('$name has a name and a number of its own', ({ kind, name: text, type }) => {
    expect(text).toBe(kind.toUpperCase());
    expect(rows.filter((each) => each.type === type)).toHaveLength(1);
  });

  it.each(rows)('$name is read as it was written, and at no other length', ({ kind, type }) => {
    fc.assert(
      fc.property(anyRdata(kind), (rdata) => {
        const reply = composeReply(
          { id: 1, opcode: 0, rd: false, cd: false, ad: false },
          { rcode: 0, answers: [{ owner: name('a.example'), type, class: CLASS.IN, ttl: 5, rdata }] },
          65_535,
        );
        const decoded = decodeMessage(reply.message);
        expect(decoded.ok && rdataToText(decoded.message.answers[0]?.rdata ?? rdata)).toBe(
          rdataToText(rdata),
        );
      }),
    );
    const cut = readRdata(Uint8Array.of(1), 0, 1, type, { left: 0 });
    expect(cut === undefined || cut.kind === 'raw').toBe(true);
  });

  it.each(writable)('$name is served from a zone file, and shown by the API as it was written', (row) => {
    const line = `_x.own.example ${row.name} ${row.example ?? ''}`;
    const parsed = parseRecord(line);
    if (!parsed.ok) throw new Error(parsed.fault);
    const { record } = parsed;
    expect(parseRecord(formatRecord(record))).toEqual(parsed);
    const { zone } = zoneOf({ tasks: [] }, { records: [record] });
    const asked = question('_x.own.example', row.name as 'A');
    const resolution = zone.resolve(asked, { address: '192.0.2.9' });
    if (resolution.kind !== 'answer') throw new Error(resolution.kind);
    const head = {
      id: 1,
      opcode: 0,
      rd: true,
      cd: false,
      ad: false,
      question: { ...asked, class: CLASS.IN },
    };
    const shown = dnsMessageJson(composeReply(head, resolution, 65_535).message).answers[0];
    expect(shown).toMatchObject({ name: '_x.own.example.', type: row.name, data: rdataToText(record.rdata) });
    expect(WRITABLE_TYPES.split(', ')).toContain(row.name);
  });
});
