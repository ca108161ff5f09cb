import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { copyQuery, encodeQuery, parseQuery } from '../../src/wire/query-message.js';
import { anyName } from './arbitrary.js';
import { hex, parsed, query } from './helpers.js';
import { runs } from '../support/depth.js';

const u16 = fc.integer({ min: 0, max: 0xffff });

describe('parseQuery', () => {
  it('reads what encodeQuery writes', () => {
    const fields = fc.record({
      id: u16,
      question: fc.record({ name: anyName, type: u16, class: u16 }),
      rd: fc.boolean(),
      ad: fc.boolean(),
      cd: fc.boolean(),
      edns: fc.option(
        fc.record({
          dnssecOk: fc.boolean(),
          options: fc.array(fc.record({ code: u16, data: fc.uint8Array({ maxLength: 40 }) }), {
            maxLength: 5,
          }),
        }),
      ),
    });
    fc.assert(
      fc.property(fields, ({ edns, ...rest }) => {
        const { question, ...result } = parsed(encodeQuery(edns ? { ...rest, edns } : rest));
        expect(result).toMatchObject({ id: rest.id, opcode: 0, rd: rest.rd, ad: rest.ad, cd: rest.cd });
        expect(result.nameEnd).toBe(12 + rest.question.name.length);
        expect({ ...question, name: hex(question.name) }).toEqual({
          ...rest.question,
          name: hex(rest.question.name),
        });
        expect(result.edns?.dnssecOk).toBe(edns?.dnssecOk);
        expect(result.edns?.options.map(({ code, data }) => [code, hex(data)])).toEqual(
          edns?.options.map(({ code, data }) => [code, hex(data)]),
        );
      }),
    );
  });

  it('never throws and never reads beyond the packet', () => {
    const mutated = fc
      .record({
        packet: fc.constantFrom(
          query('web.stack.rancher.internal', 1, { edns: { dnssecOk: true, options: [] } }),
          query('a', 28),
        ),
        at: fc.nat(60),
        value: fc.nat(255),
        cut: fc.nat(60),
      })
      .map(({ packet, at, value, cut }) => {
        const copy = Buffer.from(packet.subarray(0, Math.max(12, cut)));
        copy[at % copy.length] = value;
        return copy;
      });
    fc.assert(
      fc.property(fc.oneof(fc.uint8Array({ minLength: 12, maxLength: 600 }), mutated), (packet) => {
        const result = parseQuery(packet);
        if (result.ok) expect(result.query.nameEnd + 4).toBeLessThanOrEqual(packet.length);
      }),
      { numRuns: runs(2000) },
    );
  });

  it('copies a query so that its packet may be reused', () => {
    const packet = query('Web.x', 1, {
      edns: { dnssecOk: false, options: [{ code: 9, data: Buffer.from('ab') }] },
    });
    const copy = copyQuery(parsed(packet));
    packet.fill(0xff);
    expect(hex(copy.question.name)).toBe(hex(Buffer.from('\x03Web\x01x\x00', 'latin1')));
    expect(copy.edns?.options.map(({ data }) => hex(data))).toEqual([hex(Buffer.from('ab'))]);
  });
});
