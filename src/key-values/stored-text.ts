import { isUtf8 } from 'node:buffer';
import type { KeyValue } from '../catalog/key-values.js';

/** The value of a pair, from the bytes that a store has. */
export function storedText(bytes: Buffer): Pick<KeyValue, 'value' | 'bytes'> {
  return { value: bytes.toString('utf8'), ...(!isUtf8(bytes) && { bytes }) };
}
