/**
 * The way to one reader of a stream, over whatever transport. The stream writes texts, one message each; how a message
 * is framed is the transport's business.
 */
export interface Outlet {
  /** Takes a message; never throws, and does nothing once the reader is gone. */
  send(message: string): void;
  /** Bytes that the reader has yet to take. */
  readonly waiting: number;
  /** Calls back, once, when the reader has taken all that waited, or is gone. */
  onDrained(callback: () => void): void;
  /** Sends a last message, and ends the stream when the reader has taken it; a reader that never does is cut off. */
  end(message: string): void;
  /** Cuts the reader off without a word. */
  cut(): void;
  /** False once the reader is gone, or {@link end} was called. */
  readonly isOpen: boolean;
}
