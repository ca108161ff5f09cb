import { formatUpstream, type Upstream } from '../../net/upstream.js';
import { latin1 } from '../../wire/bytes.js';
import type { ForwardQuestion } from './exchange.js';

/** There are few such lists, and each lives as long as its client. */
const listTexts = new WeakMap<readonly Upstream[], string>();

/** The text of a client's own upstreams, or '' without any. Lists of the same servers have the same text. */
function upstreamsKey(upstreams: readonly Upstream[] | undefined): string {
  if (!upstreams || upstreams.length === 0) return '';
  const known = listTexts.get(upstreams);
  if (known !== undefined) return known;
  const text = `${upstreams.map(formatUpstream).join(' ')}/`;
  listTexts.set(upstreams, text);
  return text;
}

/**
 * Equal for questions that may share one answer. The class is always IN. Marks are hop-by-hop and do not affect
 * answers.
 * @param what identifies the type
 */
export function answerKey(question: ForwardQuestion, what: number | 'name' = question.type): string {
  const { dnssecOk, checkingDisabled, name, upstreams } = question;
  const bits = (dnssecOk ? 1 : 0) | (checkingDisabled ? 2 : 0);
  return `${what}/${bits}/${upstreamsKey(upstreams)}${latin1(name)}`;
}

/**
 * Equal for questions that may share one flight. Asking the same question several times at once would help forgers (RFC
 * 5452 section 5). A query that came through another forwarder must not share a flight with a client's own query: two
 * forwarders that ask each other would both wait. Which forwarder it was does not matter, so there are at most two
 * flights.
 */
export function questionKey(question: ForwardQuestion): string {
  return `${question.marks.length > 0 ? 'm' : ''}${answerKey(question)}`;
}
