import { join } from 'node:path';
import { z } from 'zod';
import { errorMessage } from '../net/error-message.js';
import { readIfThere, setAside, writeAtomically } from './atomic-file.js';

const text = z.string();
const tokens = z.object({
  version: z.literal(1),
  tokens: z.array(
    z.object({
      id: text,
      name: text,
      role: z.enum(['viewer', 'operator']),
      environments: z.array(text).exactOptional(),
      stacks: z.array(text).exactOptional(),
      createdAt: z.number(),
      expiresAt: z.number().exactOptional(),
      hash: z.object({ n: z.number(), r: z.number(), p: z.number(), salt: text, key: text }),
    }),
  ),
});
const sessions = z.object({
  version: z.literal(1),
  sessions: z.array(z.object({ digest: text, token: text, expiresAt: z.number() })),
});

type Tokens = z.output<typeof tokens>['tokens'];
type Sessions = z.output<typeof sessions>['sessions'];

/**
 * The files of the state directory that say who may use the API: `tokens.json` and `sessions.json`. Only their owner
 * may read them, and what they hold gives no access.
 */
export class AccessFile {
  readonly #directory: () => string;

  /** @param directory the state directory; a reload may change it */
  constructor(directory: () => string) {
    this.#directory = directory;
  }

  /** @throws Error with one line; an unusable file is kept under another name */
  async loadTokens(): Promise<Tokens> {
    return (await this.#read('tokens.json', tokens))?.tokens ?? [];
  }

  /** @throws Error with one line */
  async saveTokens(all: Readonly<Tokens>): Promise<void> {
    await this.#write('tokens.json', { version: 1, tokens: all });
  }

  /** @throws Error with one line; an unusable file is kept under another name */
  async loadSessions(): Promise<Sessions> {
    return (await this.#read('sessions.json', sessions))?.sessions ?? [];
  }

  /** @throws Error with one line */
  async saveSessions(all: Readonly<Sessions>): Promise<void> {
    await this.#write('sessions.json', { version: 1, sessions: all });
  }

  async #read<T>(name: string, schema: z.ZodType<T>): Promise<T | undefined> {
    const path = join(this.#directory(), name);
    try {
      const bytes = await readIfThere(path);
      return bytes && schema.parse(JSON.parse(bytes.toString()));
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      const why =
        error instanceof z.ZodError ? 'it has not the form that Fairlead writes' : errorMessage(error);
      const backup = code === undefined ? await setAside(path) : undefined;
      const kept = backup === undefined ? '' : `; it is kept as ${backup}`;
      throw new Error(`${path}: cannot be used (${why})${kept}`, { cause: error });
    }
  }

  async #write(name: string, content: unknown): Promise<void> {
    const path = join(this.#directory(), name);
    try {
      await writeAtomically(path, [JSON.stringify(content)]);
    } catch (error) {
      throw new Error(
        `${path}: cannot be written (${errorMessage(error)}); check the disk and the "state" directory`,
        { cause: error },
      );
    }
  }
}
