/**
 * The connection to one reader of a stream, over any transport. The stream writes one text per message; the transport
 * frames it.
 */
export interface Outlet {
  /** Accepts a message. Never throws; does nothing once the reader is gone. */
  send(message: string): void;
  /** Bytes that the reader has not read yet. */
  readonly waiting: number;
  /** Calls back once, when the reader has read all pending data or is gone. */
  onDrained(callback: () => void): void;
  /** Sends a last message, and ends the stream when the reader has read it. A reader that never does is cut off. */
  end(message: string): void;
  /** Cuts the reader off without a message. */
  cut(): void;
  /** False once the reader is gone, or {@link end} was called. */
  readonly isOpen: boolean;
}
