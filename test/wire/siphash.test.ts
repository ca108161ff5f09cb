import { describe, expect, it } from 'vitest';
import { sipHash24 } from '../../src/wire/siphash.js';
import { hex, unhex } from './helpers.js';

describe('sipHash24', () => {
  // vectors_sip64 of the reference implementation: the message is 00 01 02 ... of this length.
  it.each([
    [0, '310e0edd47db6f72'],
    [1, 'fd67dc93c539f874'],
    [2, '5a4fa9d909806c0d'],
    [3, '2d7efbd796666785'],
    [7, '37d1018bf50002ab'],
    [8, '6224939a79f5f593'],
    [15, 'e545be4961ca29a1'],
  ])('of %i octets is that of the reference implementation', (length, expected) => {
    const message = Uint8Array.from({ length }, (_, i) => i);
    expect(hex(sipHash24(unhex('000102030405060708090a0b0c0d0e0f'), message))).toBe(expected);
  });
});
