import { X509Certificate } from 'node:crypto';
import { errorMessage } from '../../net/error-message.js';

const CERTIFICATE = /-----BEGIN CERTIFICATE-----[^-]*-----END CERTIFICATE-----/g;

/**
 * Checks a file of certificate authorities. Otherwise Node would silently ignore unreadable parts, and every connection
 * would fail with a misleading reason.
 * @param pem one or more certificates, with any text between them
 * @throws Error if the file contains no certificate, or an unreadable one
 */
export function checkAuthorities(pem: string): void {
  const blocks = pem.match(CERTIFICATE) ?? [];
  const advice = 'give the authorities of the upstreams as PEM';
  if (blocks.length === 0) throw new Error(`dns.upstreamCa: the file contains no certificate; ${advice}`);
  for (const [at, block] of blocks.entries()) {
    try {
      new X509Certificate(block);
    } catch (error) {
      const why = errorMessage(error);
      throw new Error(`dns.upstreamCa: certificate ${at + 1} cannot be read (${why}); ${advice}`, {
        cause: error,
      });
    }
  }
}
