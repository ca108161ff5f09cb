import { CLASS } from '../../wire/constants.js';
import { nameFromText } from '../../wire/name-text.js';
import { encodeQuery } from '../../wire/query-message.js';
import type { Responder } from './responder.js';

export type Asked =
  | {
      readonly ok: true;
      /** The whole reply, as a TCP client with EDNS would receive it. */
      readonly message: Buffer;
      readonly source: 'own' | 'upstream';
      /** How long it took, in ms. */
      readonly ms: number;
    }
  /** `name`: the text is not a valid domain name. `silence`: this client gets no reply. */
  | { readonly ok: false; readonly fault: 'name' | 'silence' };

/**
 * Determines the reply that a client would get, without a packet on the wire and without counting.
 * @param name presentation format (RFC 1035 section 5.1)
 * @param client the canonical address from which to ask
 * @param now monotonic, in ms
 */
export async function answerQuery(
  responder: Pick<Responder, 'preview'>,
  name: string,
  type: number,
  client: string,
  now: () => number = () => performance.now(),
): Promise<Asked> {
  const wireName = nameFromText(name);
  if (wireName === undefined) return { ok: false, fault: 'name' };
  const question = { name: wireName, type, class: CLASS.IN };
  const packet = encodeQuery({ id: 0, question, edns: { dnssecOk: false, options: [] } });
  const started = now();
  const { message, source } = await responder.preview(packet, {
    address: client,
    port: 53,
    transport: 'tcp',
  });
  return message ? { ok: true, message, source, ms: now() - started } : { ok: false, fault: 'silence' };
}
