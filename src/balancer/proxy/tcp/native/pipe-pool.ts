import type { Pipe, TcpCalls } from '../../../../linux/tcp-calls.js';
import type { FlowBudget } from '../../../flows/flow-budget.js';
import type { DescriptorTable } from './descriptor-table.js';

/** How many pipes are kept for later flows: about as many as are in use at the same moment. */
const MAX_IDLE = 8;
const DESCRIPTORS = 2;

/** The pipes of one thread. A flow uses one only while bytes are in it. */
export class PipePool {
  readonly #calls: TcpCalls;
  readonly #budget: FlowBudget;
  readonly #table: DescriptorTable;
  readonly #idle: Pipe[] = [];

  constructor(calls: TcpCalls, budget: FlowBudget, table: DescriptorTable) {
    this.#calls = calls;
    this.#budget = budget;
    this.#table = table;
  }

  /** @returns an empty pipe; undefined when there are no descriptors for one */
  take(): Pipe | undefined {
    return this.#idle.pop() ?? this.#open();
  }

  /** Returns a pipe. Remaining content is lost. */
  give(pipe: Pipe): void {
    if (pipe.held === 0 && this.#idle.length < MAX_IDLE) this.#idle.push(pipe);
    else this.#close(pipe);
  }

  /** Closes unused pipes, because flows need the descriptors. */
  trim(): void {
    for (const pipe of this.#idle.splice(0)) this.#close(pipe);
  }

  #open(): Pipe | undefined {
    if (!this.#budget.tryHold(DESCRIPTORS)) return undefined;
    const pipe = this.#calls.openPipe();
    if (typeof pipe === 'number') {
      this.#budget.hold(-DESCRIPTORS);
      return undefined;
    }
    // Take both, even if the first fails, so that the table knows the one that is closed again.
    const isKept = [pipe.reader, pipe.writer].map((fd) => this.#table.take(fd)).every(Boolean);
    if (isKept) return pipe;
    this.#close(pipe);
    return undefined;
  }

  #close({ reader, writer }: Pipe): void {
    for (const fd of [reader, writer]) {
      this.#table.give(fd);
      this.#calls.close(fd);
    }
    this.#budget.hold(-DESCRIPTORS);
  }
}
