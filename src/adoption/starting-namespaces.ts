import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

/** How often, and for how long, new namespaces are looked for. */
const LOOK_EVERY_MS = 5;
const LOOKS = 400;
/** Where the engine keeps the network namespaces of its containers, unless its configuration says otherwise. */
const DEFAULT_FOLDER = '/var/run/docker/netns';

/**
 * Finds the network namespaces of containers that are being started. They are there before the process, and nothing says
 * whose they are: each new one is probed, and the address that it asks from says for which network that counts. The
 * engine moves the interface into it a few milliseconds after it has written the file, so this looks more than once.
 */
export class StartingNamespaces {
  folder = DEFAULT_FOLDER;
  readonly #probe: (path: string) => Promise<boolean>;
  #seen = new Set<string>();
  #isLooking = false;

  /** @param probe resolves with false when the namespace is not connected yet: it is looked at again */
  constructor(probe: (path: string) => Promise<boolean>) {
    this.#probe = probe;
  }

  /** What was found before does not count any more. */
  lookAgain(): void {
    this.#seen.clear();
  }

  /** @param isWanted whether a container is still waiting for an answer */
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
