import { createDecipheriv, createHmac, createPrivateKey, scryptSync, X509Certificate } from 'node:crypto';
import { errorMessage } from '../../net/error-message.js';
import { fromBytes, toBytes } from '../../template/byte-strings.js';
import { FunctionError } from '../../template/template-error.js';
import { STRING, structType, UINT32 } from '../../template/types.js';
import { Sized, type Value } from '../../template/value.js';
import { struct } from '../../template/go-values.js';
import { decodeBase64 } from './digests.js';
import { named, type Named } from './sprig-values.js';

/** The forms of passwords of the Master Password algorithm (masterpassword.app): each letter stands for a class. */
const FORMS: Readonly<Record<string, readonly string[]>> = {
  maximum: ['anoxxxxxxxxxxxxxxxxx', 'axxxxxxxxxxxxxxxxxno'],
  long: [
    ...['CvcvnoCvcvCvcv', 'CvcvCvcvnoCvcv', 'CvcvCvcvCvcvno', 'CvccnoCvcvCvcv', 'CvccCvcvnoCvcv'],
    ...['CvccCvcvCvcvno', 'CvcvnoCvccCvcv', 'CvcvCvccnoCvcv', 'CvcvCvccCvcvno', 'CvcvnoCvcvCvcc'],
    ...['CvcvCvcvnoCvcc', 'CvcvCvcvCvccno', 'CvccnoCvccCvcv', 'CvccCvccnoCvcv', 'CvccCvccCvcvno'],
    ...['CvcvnoCvccCvcc', 'CvcvCvccnoCvcc', 'CvcvCvccCvccno', 'CvccnoCvcvCvcc', 'CvccCvcvnoCvcc'],
    'CvccCvcvCvccno',
  ],
  medium: ['CvcnoCvc', 'CvcCvcno'],
  short: ['Cvcn'],
  basic: ['aaanaaan', 'aannaaan', 'aaannaaa'],
  pin: ['nnnn'],
};

const CLASSES: Readonly<Record<string, string>> = {
  V: 'AEIOU',
  C: 'BCDFGHJKLMNPQRSTVWXYZ',
  v: 'aeiou',
  c: 'bcdfghjklmnpqrstvwxyz',
  A: 'AEIOUBCDFGHJKLMNPQRSTVWXYZ',
  a: 'AEIOUaeiouBCDFGHJKLMNPQRSTVWXYZbcdfghjklmnpqrstvwxyz',
  n: '0123456789',
  o: "@&%?,=[]_:-+*$#!'^~;()/.",
  x: 'AEIOUaeiouBCDFGHJKLMNPQRSTVWXYZbcdfghjklmnpqrstvwxyz0123456789!@#$%^&*()',
};

const SEED = 'com.lyndir.masterpassword';

function counted(text: string): Buffer {
  const bytes = toBytes(text);
  const length = Buffer.alloc(4);
  length.writeUInt32BE(bytes.length);
  return Buffer.concat([length, bytes]);
}

function derivePassword(counter: number, kind: string, password: string, user: string, site: string): string {
  const forms = Object.hasOwn(FORMS, kind) ? FORMS[kind] : undefined;
  if (forms === undefined) return `cannot find password template ${kind}`;
  const salt = Buffer.concat([Buffer.from(SEED), counted(user)]);
  const key = scryptSync(toBytes(password), salt, 64, { N: 32_768, r: 8, p: 2, maxmem: 64 * 1024 * 1024 });
  const count = Buffer.alloc(4);
  count.writeUInt32BE(counter);
  const seed = createHmac('sha256', key).update(SEED).update(counted(site)).update(count).digest();
  const form = forms[(seed[0] ?? 0) % forms.length] ?? '';
  return Array.from(form)
    .map((letter, at) => {
      const characters = CLASSES[letter] ?? '';
      return characters[(seed[at + 1] ?? 0) % characters.length] ?? '';
    })
    .join('');
}

/** AES-256-CBC with the initialization vector in front; the password is filled up with NULs. */
function decryptAes(password: string, text: string): string {
  if (text === '') return '';
  const key = Buffer.alloc(32);
  toBytes(password).copy(key);
  const bytes = toBytes(decodeBase64(text, false, 'decryptAES'));
  try {
    const decipher = createDecipheriv('aes-256-cbc', key, bytes.subarray(0, 16));
    return fromBytes(Buffer.concat([decipher.update(bytes.subarray(16)), decipher.final()]));
  } catch (error) {
    throw new FunctionError(
      `decryptAES: wrong password, or not a text of encryptAES (${errorMessage(error)})`,
    );
  }
}

const CERTIFICATE = structType('sprig.certificate', { Cert: STRING, Key: STRING });

function customCertificate(certificate: string, key: string): Value {
  const [Cert, Key] = [certificate, key].map((text) => decodeBase64(text, false, 'buildCustomCert'));
  try {
    new X509Certificate(Cert ?? '');
  } catch (error) {
    throw new FunctionError(`buildCustomCert: error parsing certificate: ${errorMessage(error)}`);
  }
  try {
    createPrivateKey(Key ?? '');
  } catch (error) {
    throw new FunctionError(`buildCustomCert: error parsing private key: ${errorMessage(error)}`);
  }
  return struct(CERTIFICATE, { Cert, Key });
}

const text = (value: Value): string => (typeof value === 'string' ? value : '');

/** Sprig's functions of cryptography that give the same result at every run. */
export const SPRIG_CRYPTO: readonly Named[] = [
  named('derivePassword', [UINT32, STRING, STRING, STRING, STRING], ([counter, kind, password, user, site]) =>
    derivePassword(
      counter instanceof Sized ? Number(counter.value) : 0,
      ...([text(kind), text(password), text(user), text(site)] as const),
    ),
  ),
  named('decryptAES', [STRING, STRING], ([password, crypted]) => decryptAes(text(password), text(crypted))),
  named('buildCustomCert', [STRING, STRING], ([certificate, key]) =>
    customCertificate(text(certificate), text(key)),
  ),
];
