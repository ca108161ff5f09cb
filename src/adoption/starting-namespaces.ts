import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

/** How often, and for how long, to look for new namespaces. */
const LOOK_EVERY_MS = 5;
const LOOKS = 400;
/** The engine's default folder for the network namespaces of its containers. */
const DEFAULT_FOLDER = '/var/run/docker/netns';

/**
 * Finds the network namespaces of starting containers. They exist before the process, and nothing says to which
 * container they belong. Each new one is probed, and the query's source address tells for which network the result
 * counts. The engine moves the interface into the namespace a few milliseconds after it has written the file, so one
 * look is not enough.
 */
export class StartingNamespaces {
  folder = DEFAULT_FOLDER;
  readonly #probe: (path: string) => Promise<boolean>;
  #seen = new Set<string>();
  #isLooking = false;

  /** @param probe resolves with false when the namespace is not connected yet; it is then probed again later */
  constructor(probe: (path: string) => Promise<boolean>) {
    this.#probe = probe;
  }

  /** Ignores earlier results. */
  lookAgain(): void {
    this.#seen.clear();
  }

  /** @param isWanted whether a container still waits for a result */
  async look(isWanted: () => boolean): Promise<void> {
    if (this.#isLooking) return;
    this.#isLooking = true;
    for (let attempt = 0; attempt < LOOKS && isWanted(); attempt++) {
      const all = namespacesIn(this.folder);
      const fresh = all.filter((path) => !this.#seen.has(path));
      this.#seen = new Set(all);
      await Promise.all(
        fresh.map(async (path) => {
          if (!(await this.#probe(path))) this.#seen.delete(path);
        }),
      );
      await delay(LOOK_EVERY_MS);
    }
    this.#isLooking = false;
  }
}

function namespacesIn(folder: string): readonly string[] {
  try {
    return readdirSync(folder)
      .filter((name) => /^[0-9a-f]{12}$/.test(name))
      .map((name) => join(folder, name));
  } catch {
    return [];
  }
}
