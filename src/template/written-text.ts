/** What one execution has written. */
export class WrittenText {
  private readonly most: number;
  private readonly onTooMuch: () => never;
  /** V8 adds to a text without copying it. A list of pieces would take three times as long to join. */
  private written = '';
  private length = 0;

  /**
   * @param most the most characters
   * @param onTooMuch throws
   */
  constructor(most: number, onTooMuch: () => never) {
    this.most = most;
    this.onTooMuch = onTooMuch;
  }

  write(piece: string): void {
    this.length += piece.length;
    if (this.length > this.most) this.onTooMuch();
    this.written += piece;
  }

  /** What `work` writes. It does not become part of the rest. */
  apart(work: () => void): string {
    const { written, length } = this;
    this.written = '';
    work();
    const text = this.text();
    this.written = written;
    this.length = length;
    return text;
  }

  text(): string {
    // Looking into it makes V8 copy it into one piece: those that it was made of need not be kept.
    this.written.charCodeAt(0);
    return this.written;
  }
}
