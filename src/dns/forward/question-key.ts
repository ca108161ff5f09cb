import { formatUpstream, type Upstream } from '../../net/upstream.js';
import { latin1 } from '../../wire/bytes.js';
import type { ForwardQuestion } from './exchange.js';

/** Lists of upstreams are few and live as long as the client that brought them. */
const listTexts = new WeakMap<readonly Upstream[], string>();

/** The text of a client's own upstreams; '' without any. Lists of the same servers have the same text. */
function upstreamsKey(upstreams: readonly Upstream[] | undefined): string {
  if (!upstreams || upstreams.length === 0) return '';
  const known = listTexts.get(upstreams);
  if (known !== undefined) return known;
  const text = `${upstreams.map(formatUpstream).join(' ')}/`;
  listTexts.set(upstreams, text);
  return text;
}

/**
 * Equal for questions that may share one answer. The class is always IN; marks are hop-by-hop and change no answer.
 * @param what stands for the type
 */
export function answerKey(question: ForwardQuestion, what: number | 'name' = question.type): string {
  const { dnssecOk, checkingDisabled, name, upstreams } = question;
  const bits = (dnssecOk ? 1 : 0) | (checkingDisabled ? 2 : 0);
  return `${what}/${bits}/${upstreamsKey(upstreams)}${latin1(name)}`;
}

/**
 * Equal for questions that may share one flight: one that asks many times over gives forgers no more chances (RFC 5452
 * section 5). A query that came through another forwarder stays apart from the clients' own, or two forwarders that ask
 * each other would each wait for the other; which forwarder it was makes no difference, so this opens two flights, not
 * many.
 */
export function questionKey(question: ForwardQuestion): string {
  return `${question.marks.length > 0 ? 'm' : ''}${answerKey(question)}`;
}
