/** What one execution has written, in pieces. */
export class WrittenText {
  private readonly most: number;
  private readonly onTooMuch: () => never;
  private pieces: string[] = [];
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
    this.pieces.push(piece);
  }

  /** What `work` writes. It does not become part of the rest. */
  apart(work: () => void): string {
    const { pieces, length } = this;
    this.pieces = [];
    work();
    const text = this.text();
    this.pieces = pieces;
    this.length = length;
    return text;
  }

  text(): string {
    return this.pieces.join('');
  }
}
