import { EDNS_OPTION } from '../../wire/constants.js';
import type { EdnsOption } from '../../wire/edns.js';

/** RFC 8467 section 4.1, for queries. */
const BLOCK = 128;

/** Size in bytes of an option's header. */
const OPTION_HEAD = 4;

/** The padding option (RFC 7830) that pads a query of `size` bytes, which already has an OPT, to a multiple of 128. */
export function paddingFor(size: number): EdnsOption {
  const over = (size + OPTION_HEAD) % BLOCK;
  return { code: EDNS_OPTION.PADDING, data: new Uint8Array(over === 0 ? 0 : BLOCK - over) };
}
