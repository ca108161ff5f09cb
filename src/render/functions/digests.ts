import { createHash, createHmac } from 'node:crypto';
import { fromBytes, toBytes } from '../../template/byte-strings.js';
import type { TemplateFunction } from '../../template/value.js';
import { FunctionError } from '../../template/template-error.js';
import { ofTexts } from './strings.js';

/** A digest in hexadecimal digits. */
export function hexDigest(algorithm: string, text: string): string {
  return createHash(algorithm).update(toBytes(text)).digest('hex');
}

/** @throws FunctionError worded like Go's `encoding/base64` */
export function decodeBase64(text: string, url: boolean, name: string): string {
  const clean = text.replace(/[\r\n]/g, '');
  const alphabet = url ? /[^A-Za-z0-9_-]/ : /[^A-Za-z0-9+/]/;
  const body = clean.replace(/={1,2}$/, '');
  const bad = body.search(alphabet);
  if (bad >= 0 || clean.length % 4 !== 0) {
    throw new FunctionError(
      `${name}: illegal base64 data at input byte ${bad >= 0 ? bad : clean.length - (clean.length % 4)}`,
    );
  }
  return fromBytes(Buffer.from(body, url ? 'base64url' : 'base64'));
}

function encodeUrl(text: string): string {
  return toBytes(text).toString('base64').replaceAll('+', '-').replaceAll('/', '_');
}

/** Encodings and digests. */
export const DIGEST_FUNCTIONS: readonly (readonly [string, TemplateFunction])[] = [
  ['base64Encode', ofTexts(1, (text = '') => toBytes(text).toString('base64'))],
  ['base64Decode', ofTexts(1, (text = '') => decodeBase64(text, false, 'base64Decode'))],
  ['base64URLEncode', ofTexts(1, (text = '') => encodeUrl(text))],
  ['base64URLDecode', ofTexts(1, (text = '') => decodeBase64(text, true, 'base64URLDecode'))],
  ['md5sum', ofTexts(1, (text = '') => hexDigest('md5', text))],
  ['sha256Hex', ofTexts(1, (text = '') => hexDigest('sha256', text))],
  [
    'hmacSHA256Hex',
    ofTexts(2, (message = '', key = '') =>
      createHmac('sha256', toBytes(key)).update(toBytes(message)).digest('hex'),
    ),
  ],
];
