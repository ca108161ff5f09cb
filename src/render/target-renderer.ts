import { errorMessage } from '../net/error-message.js';
import type { Value } from '../template/value.js';
import { childEnvironment } from './child-environment.js';
import type { Query } from './queries.js';
import type { RunContext, QueryPort } from './run-context.js';
import { commandText, type Command } from './command.js';
import { runCommand, type CommandResult } from './run-command.js';
import { TargetTemplate, type RunSettings } from './render-template.js';
import { userIds } from './user-ids.js';
import { sourceName, type Target, type TargetStatus } from './template-target.js';
import {
  adjustFile,
  currentBytes,
  prepareFile,
  recoverFile,
  settleFile,
  type CommittedFile,
  type FileOptions,
} from './write-file.js';

/** The result of one attempt: whether the target's command must run now. */
export interface Attempt {
  commandDue: boolean;
  /** Set if the file has just been replaced. */
  committed?: CommittedFile;
  /** The length of the output. */
  bytes?: number;
  /** The file is as it should be, and its command has succeeded; see {@link TargetRenderer.succeed}. */
  succeeded?: boolean;
}

const NOTHING_DUE: Attempt = { commandDue: false };

/** Renders one target: runs the template, and writes its output if it differs. */
export class TargetRenderer {
  readonly target: Target;
  readonly #template: TargetTemplate;
  readonly #port: QueryPort;
  readonly #settings: RunSettings;
  readonly #now: () => number;
  #status: TargetStatus;
  /** What the last run asked, and the answers. */
  #last: Pick<RunContext, 'used' | 'answers'> | undefined;
  #recovered = false;
  #owed = false;
  #refused = false;

  constructor(target: Target, port: QueryPort, settings: RunSettings) {
    this.target = target;
    this.#port = port;
    this.#settings = settings;
    this.#now = settings.now;
    this.#template = new TargetTemplate(target, settings);
    this.#status = {
      source: sourceName(target),
      destination: target.destination,
      state: 'waiting',
      missing: [],
      queries: [],
      renders: 0,
      failures: 0,
    };
  }

  get status(): TargetStatus {
    return this.#status;
  }

  /** Whether any answer that the last run was given is another one now. A target that never ran is outdated, too. */
  isOutdated(): boolean {
    if (this.#last === undefined) return true;
    const { used, answers } = this.#last;
    for (const [text, query] of used) if (this.#answer(query) !== answers.get(text)) return true;
    return false;
  }

  /** Whether the file of the template is another one than at the last run. */
  isSourceChanged(): boolean {
    return this.#template.isSourceChanged();
  }

  /** Whether the last attempt ended with the old file, because the command failed with the new one. */
  get refusedByCommand(): boolean {
    return this.#refused;
  }

  /** One attempt. Never rejects: what goes wrong is in the status. */
  async attempt(): Promise<Attempt> {
    this.#refused = false;
    try {
      if (!this.#recovered) {
        this.#owed = await recoverFile(this.target.destination);
        this.#recovered = true;
      }
      const result = this.#template.run(this.#port);
      this.#remember(result.run);
      if (result.kind === 'error') return this.#fail(result.message);
      if (result.kind === 'incomplete') return NOTHING_DUE;
      const { instances, askedForInstances } = result.run;
      if (askedForInstances && instances < this.target.minInstances) return this.#hold(instances);
      return await this.#place(result.bytes);
    } catch (error) {
      return this.#fail(`${this.target.destination}: ${errorMessage(error)}`);
    }
  }

  #remember(run: RunContext): void {
    this.#last = { used: run.used, answers: run.answers };
    this.#status = { ...this.#status, queries: [...run.used.keys()], missing: [...run.missing] };
  }

  /** The answer now; a query that fails has told the template why. */
  #answer(query: Query): Value {
    try {
      return this.#port.answer(query);
    } catch {
      return undefined;
    }
  }

  #hold(instances: number): Attempt {
    const found = instances === 1 ? '1 instance' : `${instances} instances`;
    const error = `${found}, fewer than minInstances ${this.target.minInstances}: the last file is kept`;
    this.#status = { ...this.#status, state: 'held', error };
    return NOTHING_DUE;
  }

  async #place(bytes: Buffer): Promise<Attempt> {
    const { destination, check } = this.target;
    const options = fileOptions(this.target);
    const before = await currentBytes(destination);
    if (before?.equals(bytes) === true) {
      await adjustFile(destination, options);
      return { commandDue: this.#owed, bytes: bytes.length, succeeded: !this.#owed };
    }
    const prepared = await prepareFile(destination, bytes, options);
    if (check !== undefined) {
      const result = await this.command(check, prepared.path);
      if (!result.ok) {
        await prepared.discard();
        return this.#fail(
          `the check of ${destination} failed (${result.outcome}): ${lastLines(result.output)}`,
          check,
          result,
        );
      }
    }
    const committed = await prepared.commit();
    this.#owed = this.target.command !== undefined;
    if (!this.#owed) await committed.settle();
    return { commandDue: this.#owed, committed, bytes: bytes.length, succeeded: !this.#owed };
  }

  /** Called in the turn in which the round is reported, so that a program never starts between the two. */
  succeed({ committed, bytes = 0 }: Attempt): void {
    const written = committed !== undefined;
    const status = { ...this.#status };
    delete status.error;
    const now = this.#now();
    this.#status = {
      ...status,
      state: 'rendered',
      checkedAt: now,
      bytes,
      failures: 0,
      ...(written && { renderedAt: now, renders: status.renders + 1 }),
    };
  }

  /** Runs a command as the target's user. */
  async command(command: Command, file: string): Promise<CommandResult> {
    const { commandUser, commandTimeoutMs: timeoutMs, environment } = this.target;
    const { commandEnvironment = process.env, withoutRights } = this.#settings;
    try {
      const user = commandUser === undefined ? undefined : userIds(commandUser);
      return await runCommand(command, {
        ...{ timeoutMs, file, user, withoutRights },
        environment: childEnvironment(commandEnvironment, environment),
      });
    } catch (error) {
      return { ok: false, outcome: errorMessage(error), output: '', tookMs: 0 };
    }
  }

  /** The command has run. After a failure the old file is put back. */
  async afterCommand(command: Command, result: CommandResult, attempt: Attempt): Promise<void> {
    const { committed } = attempt;
    this.#note(command, result);
    try {
      if (result.ok) {
        this.#owed = false;
        await (committed?.settle() ?? settleFile(this.target.destination));
        attempt.succeeded = true;
        return;
      }
      this.#fail(
        `the command after ${this.target.destination} failed (${result.outcome}): ${lastLines(result.output)}`,
      );
      await committed?.rollBack();
      this.#refused = committed !== undefined;
      if (committed !== undefined) this.#owed = false;
    } catch (error) {
      this.#fail(`${this.target.destination}: ${errorMessage(error)}`);
    }
  }

  #fail(error: string, command?: Command, result?: CommandResult): Attempt {
    this.#status = { ...this.#status, state: 'failed', error, failures: this.#status.failures + 1 };
    if (command !== undefined && result !== undefined) this.#note(command, result);
    return NOTHING_DUE;
  }

  #note(command: Command, { ok, outcome, output, tookMs }: CommandResult): void {
    this.#status = {
      ...this.#status,
      command: { text: commandText(command), ok, outcome, output, at: this.#now(), tookMs },
    };
  }
}

function fileOptions({ mode, user, group, createDirectories, backup }: Target): FileOptions {
  return {
    createDirectories,
    backup,
    ...(mode !== undefined && { mode }),
    ...(user !== undefined && { user }),
    ...(group !== undefined && { group }),
  };
}

/** The last lines of an output, for a message. */
function lastLines(output: string): string {
  const lines = output.trim().split('\n');
  return lines.slice(-5).join('\n') || 'it printed nothing';
}
