import { connect, type TLSSocket } from 'node:tls';
import type { Upstream } from '../../net/upstream.js';
import { readU16 } from '../../wire/bytes.js';
import { EDNS_OPTION, FLAG } from '../../wire/constants.js';
import { findOption } from '../../wire/edns.js';
import { frame, FrameBuffer } from '../../wire/tcp-frames.js';
import { answersQuestion, decodeMessage, type Message } from '../../wire/message.js';
import type { WireQuestion } from '../../wire/query-message.js';
import type { Outcome } from './outcome.js';
import { errorName } from './udp-exchange.js';

/** `lost`: the connection is gone. The query is fine and may be sent again on another connection. */
export type StreamOutcome = Outcome | { readonly kind: 'lost'; readonly detail: string };

export interface TlsConnectionOptions {
  readonly upstream: Upstream;
  /** PEM. Undefined: the authorities that Node.js trusts. */
  readonly ca?: string;
  /** The TLS session of an earlier connection, to resume it. */
  readonly session?: Buffer;
  readonly nextId: () => number;
  readonly onSession: (session: Buffer) => void;
  /** Called when the upstream has proved its identity. */
  readonly onSecure: () => void;
  /** Called once, with the reason for the end, or undefined after a regular close. */
  readonly onEnd: (detail: string | undefined) => void;
}

/** All times in ms. */
const HANDSHAKE_TIME = 3000;
/** If queries are pending and nothing arrives for this long, the connection counts as dead. */
const SILENCE_TIME = 2000;
/** How long an unused connection is kept (RFC 7766 section 6.2.3), unless the upstream sets the time (RFC 7828). */
const IDLE_TIME = 10_000;
const MAX_IDLE_TIME = 120_000;

/** Queries without a reply, including abandoned ones: their IDs must not be reused while a reply may still arrive. */
const MAX_OUTSTANDING = 1000;

interface Waiter {
  readonly question: WireQuestion;
  readonly settle: (outcome: StreamOutcome) => void;
}

/**
 * One TLS connection to an upstream (RFC 7858). Queries are sent immediately, and replies may arrive in any order (RFC
 * 7766 section 6.2.1.1). The certificate must be for the configured name, or for the address if no name is configured
 * (RFC 8310 section 8.1).
 */
export class TlsConnection {
  readonly #options: TlsConnectionOptions;
  readonly #socket: TLSSocket;
  readonly #frames = new FrameBuffer();
  readonly #outstanding = new Map<number, Waiter>();
  #state: 'connecting' | 'open' | 'ended' = 'connecting';
  #idleTime = IDLE_TIME;
  #timer: NodeJS.Timeout;

  constructor(options: TlsConnectionOptions) {
    this.#options = options;
    const { upstream, ca, session } = options;
    this.#socket = connect({
      host: upstream.ip,
      port: upstream.port,
      ...(upstream.tls?.name !== undefined && { servername: upstream.tls.name }),
      ...(ca !== undefined && { ca }),
      ...(session && { session }),
      ALPNProtocols: ['dot'],
      minVersion: 'TLSv1.2',
      // Set explicitly, so that NODE_TLS_REJECT_UNAUTHORIZED cannot turn it off.
      rejectUnauthorized: true,
    });
    this.#socket.setNoDelay(true);
    this.#timer = setTimeout(() => this.#end('TLS handshake timeout'), HANDSHAKE_TIME);
    this.#socket.on('error', (error: Error) => this.#end(errorName(error)));
    this.#socket.on('close', () => this.#end('connection closed'));
    this.#socket.on('session', options.onSession);
    this.#socket.on('secureConnect', () => {
      this.#state = 'open';
      options.onSecure();
      this.#watch();
    });
    this.#socket.on('data', (chunk: Buffer) => {
      this.#frames.push(chunk);
      for (let wire = this.#frames.next(); wire; wire = this.#frames.next()) this.#take(wire);
      this.#watch();
    });
  }

  /** Whether it accepts another query. */
  get usable(): boolean {
    return this.#state !== 'ended' && this.#outstanding.size < MAX_OUTSTANDING;
  }

  /** @param encode the wire form of the question with a given ID */
  exchange(
    encode: (id: number) => Uint8Array,
    question: WireQuestion,
    signal: AbortSignal,
  ): Promise<StreamOutcome> {
    return new Promise((resolve) => {
      if (signal.aborted) {
        resolve({ kind: 'aborted' });
        return;
      }
      const abort = (): void => resolve({ kind: 'aborted' });
      const settle = (outcome: StreamOutcome): void => {
        signal.removeEventListener('abort', abort);
        resolve(outcome);
      };
      let id = this.#options.nextId();
      while (this.#outstanding.has(id)) id = this.#options.nextId();
      signal.addEventListener('abort', abort);
      const first = this.#outstanding.size === 0;
      this.#outstanding.set(id, { question, settle });
      this.#socket.write(frame(encode(id)));
      // Later queries must not extend the time of an earlier silent one.
      if (first && this.#state === 'open') this.#watch();
    });
  }

  close(): void {
    this.#end(undefined);
  }

  #take(wire: Buffer): void {
    const id = readU16(wire, 0);
    const waiter = this.#outstanding.get(id);
    // A reply to no query of ours. On this stream it is the upstream's mistake and does no harm.
    if (!waiter || wire.length < 2) return;
    this.#outstanding.delete(id);
    const decoded = decodeMessage(wire);
    if (decoded.ok) this.#heed(decoded.message);
    waiter.settle(
      decoded.ok
        ? outcomeOf(decoded.message, id, waiter.question)
        : { kind: 'network', detail: `malformed reply: ${decoded.fault}` },
    );
  }

  #heed({ edns }: Message): void {
    const data = findOption(edns, EDNS_OPTION.TCP_KEEPALIVE);
    if (data?.length === 2) this.#idleTime = Math.min(readU16(data, 0) * 100, MAX_IDLE_TIME);
  }

  /** While queries are pending, waits for any data; otherwise until the idle time has passed. */
  #watch(): void {
    if (this.#state !== 'open') return;
    clearTimeout(this.#timer);
    const idle = this.#outstanding.size === 0;
    this.#timer = setTimeout(
      () => this.#end(idle ? undefined : 'timeout'),
      idle ? this.#idleTime : SILENCE_TIME,
    );
    if (idle) {
      // An unused connection must not keep the process running.
      this.#socket.unref();
      this.#timer.unref();
    } else {
      this.#socket.ref();
    }
  }

  #end(detail: string | undefined): void {
    if (this.#state === 'ended') return;
    const inPeace = detail === undefined && this.#state === 'open';
    this.#state = 'ended';
    clearTimeout(this.#timer);
    if (inPeace) this.#socket.destroySoon();
    else this.#socket.destroy();
    this.#options.onEnd(detail);
    const lost = { kind: 'lost', detail: detail ?? 'connection closed' } as const;
    for (const { settle } of this.#outstanding.values()) settle(lost);
    this.#outstanding.clear();
  }
}

function outcomeOf(message: Message, id: number, question: WireQuestion): Outcome {
  if (!answersQuestion(message, id, question))
    return { kind: 'network', detail: 'reply to another question' };
  if ((message.flags & FLAG.TC) !== 0) return { kind: 'network', detail: 'reply cut off over TLS' };
  return { kind: 'reply', message };
}
