import { execFileSync } from 'node:child_process';
import { REFERENCES, type ReferenceName, type Variant } from '../model.js';
import { knotPlan } from './knot.js';
import { namedPlan } from './named.js';
import { startServer, type RunningServer, type ServerPlan } from './process.js';
import type { Target } from './target.js';
import { unboundPlan } from './unbound.js';
import { startUpstream } from './upstream.js';

export interface PlanContext {
  readonly directory: string;
  readonly port: number;
  /** Where to forward to. */
  readonly upstreamPort: number;
  readonly recursion: boolean;
  /** The SOA's MINIMUM. */
  readonly minimum: number;
}

interface Reference {
  readonly debianPackage: string;
  readonly plan: (context: PlanContext) => ServerPlan;
  /** Whether the server can recurse at all. */
  readonly recursion: boolean;
}

const references: Readonly<Record<ReferenceName, Reference>> = {
  named: { debianPackage: 'bind9', plan: namedPlan, recursion: true },
  knot: { debianPackage: 'knot', plan: knotPlan, recursion: false },
  unbound: { debianPackage: 'unbound', plan: unboundPlan, recursion: true },
};

export function isReference(text: string): text is ReferenceName {
  return (REFERENCES as readonly string[]).includes(text);
}

/**
 * Starts a reference server from its Debian package, each variant as a process of its own on loopback.
 * @returns rejects with one line that says what to install when it is not there
 */
export async function startReference(name: ReferenceName): Promise<Target> {
  const { debianPackage, plan, recursion } = references[name];
  const version = versionOf(debianPackage);
  const upstream = await startUpstream();
  const running = new Map<Variant, RunningServer>();
  const stop = async () => {
    await Promise.all([...running.values()].map((server) => server.stop()));
    await upstream.close();
  };
  const offers = (variant: Variant) => recursion && variant === 'open';
  try {
    for (const [variant, minimum] of [
      ['open', 1],
      ['closed', 5],
    ] as const) {
      const context = { upstreamPort: upstream.address.port, recursion: offers(variant), minimum };
      running.set(variant, await startServer((directory, port) => plan({ ...context, directory, port })));
    }
  } catch (error) {
    await stop();
    throw error;
  }
  return {
    name,
    version: `${name} ${version}`,
    port: (variant) => running.get(variant)?.port,
    recursion: offers,
    stop,
  };
}

function versionOf(debianPackage: string): string {
  try {
    return execFileSync('dpkg-query', ['-W', '-f=${Version}', debianPackage], {
      encoding: 'utf8',
      stdio: 'pipe',
    });
  } catch {
    throw new Error(
      `${debianPackage} is not installed, so there is nothing to calibrate against: ` +
        `apt-get install --no-install-recommends ${debianPackage}`,
    );
  }
}
