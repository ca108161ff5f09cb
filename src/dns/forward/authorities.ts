import { X509Certificate } from 'node:crypto';
import { errorMessage } from '../../net/error-message.js';

const CERTIFICATE = /-----BEGIN CERTIFICATE-----[^-]*-----END CERTIFICATE-----/g;

/**
 * Looks into a file of certificate authorities: what cannot be read would otherwise be passed over in silence, and every
 * connection refused for a reason that leads nowhere.
 * @param pem one certificate or more, anything between them
 * @throws Error when there is none, or one that cannot be read
 */
export function checkAuthorities(pem: string): void {
  const blocks = pem.match(CERTIFICATE) ?? [];
  const advice = 'give the authorities of the upstreams as PEM';
  if (blocks.length === 0) throw new Error(`dns.upstreamCa: there is no certificate in it; ${advice}`);
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
