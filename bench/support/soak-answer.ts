import dnsPacket, { type DecodedPacket } from 'dns-packet';
import { answerText } from './soak-model.js';

/** What a reply says, as the soak's model writes it; read by a decoder that is not the server's. */
export function readAnswer(reply: Buffer): string {
  const packet = dnsPacket.decode(reply) as DecodedPacket & { readonly rcode: string };
  const data = [...(packet.answers ?? []), ...(packet.additionals ?? [])].flatMap((record) => {
    if (record.type === 'A' || record.type === 'PTR') return [record.data];
    return record.type === 'SRV' ? [`${record.data.target}:${record.data.port}`] : [];
  });
  return answerText(packet.rcode, data);
}
