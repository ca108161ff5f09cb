import type { ChildProcess, SpawnOptions } from 'node:child_process';
import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { parse } from 'yaml';
import type { TemplateJson, TemplateListJson } from '../../../src/api/types/templates-json.js';
import { endChild } from './child.js';
import { createFairlead, type Fairlead } from './fairlead.js';
import { createHost, HOST_ADDRESS, UPSTREAM_ADDRESS, type Host } from './host.js';
import { until } from './poll.js';
import { createPrivateRoot, type PrivateRoot } from './private-root.js';
import { createVipStack } from './vips.js';

const examples = join(import.meta.dirname, '../../../config/templates');

/** An entry of `render.templates`. */
interface Example {
  readonly source: string;
  readonly destination: string;
}

/** A Docker host whose daemon writes files from the examples of config/, to the paths that they name. */
export interface TemplateHost {
  readonly host: Host;
  readonly fairlead: Fairlead;
  readonly root: PrivateRoot;
  /** The text of a file of the private root; empty when there is none. */
  read(path: string): string;
  write(path: string, text: string): void;
  /** The template of an example, as the daemon reads it. */
  template(source: string): string;
  /** Has the daemon read another text as that template. */
  changeTemplate(source: string, text: string): Promise<void>;
  /** What the daemon says of a file, as soon as its state is this one. */
  untilState(destination: string, state: TemplateJson['state']): Promise<TemplateJson>;
  /** Resolves when a file lists the addresses of just these tasks of the service. */
  untilListed(destination: string, numbers: readonly number[]): Promise<void>;
  /** Starts a task of the service `web` of the stack `shop`. */
  startTask(number: number): Promise<void>;
  /** Replaces tasks 1 and 2 by 3 and 4, one after the other: the new one is there before the old one is stopped. */
  replaceTasks(destination: string): Promise<void>;
  /** Starts a program in the foreground; it is ended with the host. */
  spawn(file: string, args: readonly string[], options?: SpawnOptions): ChildProcess;
  close(): Promise<void>;
}

const ALL = [1, 2, 3, 4];
const taskName = (number: number): string => `shop-web-${number}`;

/** The examples that config/templates/render.yaml has for these templates. */
export function examplesOf(...sources: readonly string[]): Example[] {
  const text = readFileSync(join(examples, 'render.yaml'), 'utf8');
  const { render } = parse(text) as { render: { templates: Example[] } };
  return sources.map((source) => {
    const found = render.templates.find((each) => each.source === source);
    if (found === undefined) throw new Error(`render.yaml has no entry for ${source}`);
    return found;
  });
}

export async function createTemplateHost(...sources: readonly string[]): Promise<TemplateHost> {
  const undo: (() => Promise<unknown>)[] = [];
  const close = async (): Promise<void> => {
    while (undo.length > 0) await undo.pop()?.();
  };
  try {
    const host = await createHost({ shared: true, images: ['tools', 'node'] });
    undo.push(() => host.close());
    const root = await createPrivateRoot(host.netns, join(host.dir, 'root'));
    undo.push(() => root.remove());
    const dir = join(host.dir, 'fairlead');
    mkdirSync(dir);
    for (const source of sources) copyFileSync(join(examples, source), join(dir, source));
    const fairlead = createFairlead(root, dir, {
      hostAddress: HOST_ADDRESS,
      upstreams: [`${UPSTREAM_ADDRESS}:53`],
      sources: { docker: { socket: host.engine.socket } },
      sections: { render: { templates: examplesOf(...sources) } },
    });
    undo.push(() => fairlead.stop());
    const shop = createVipStack(host, 'shop');
    // The image's name would be the service's otherwise.
    const start = (number: number) => shop.web('web', number, ['--label=SERVICE_NAME=web']);
    const self = usesOf({ host, fairlead, root, dir, start });
    const children: ChildProcess[] = [];
    undo.push(() => Promise.all(children.map((child) => endChild(child))));
    return {
      ...self,
      spawn(file, args, options) {
        const child = root.spawn(file, args, options);
        children.push(child);
        return child;
      },
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}

interface Parts {
  readonly host: Host;
  readonly fairlead: Fairlead;
  readonly root: PrivateRoot;
  readonly dir: string;
  readonly start: (number: number) => Promise<unknown>;
}

function usesOf({ host, fairlead, root, dir, start }: Parts): Omit<TemplateHost, 'spawn' | 'close'> {
  const addresses = new Map<number, string>();
  const read = (path: string): string => {
    try {
      return readFileSync(root.host(path), 'utf8');
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return '';
      throw error;
    }
  };
  const untilListed = async (destination: string, numbers: readonly number[]): Promise<void> => {
    const listed = (): Promise<number[]> =>
      Promise.resolve(
        ALL.filter((number) => {
          const address = addresses.get(number);
          return address !== undefined && new RegExp(`\\b${address}\\b`).test(read(destination));
        }),
      );
    const is = (found: readonly number[]): boolean => found.join() === numbers.join();
    await until(`tasks ${numbers.join()} in ${destination}`, listed, is, {
      within: 60_000,
      context: fairlead.log,
    });
  };
  const startTask = async (number: number): Promise<void> => {
    await start(number);
    addresses.set(number, await host.docker.address(taskName(number)));
  };
  return {
    host,
    fairlead,
    root,
    read,
    write(path, text) {
      mkdirSync(dirname(root.host(path)), { recursive: true });
      writeFileSync(root.host(path), text);
    },
    template: (source) => readFileSync(join(dir, source), 'utf8'),
    async changeTemplate(source, text) {
      writeFileSync(join(dir, source), text);
      const { code, stderr } = await fairlead.cli('reload');
      if (code !== 0) throw new Error(`fairlead reload: ${stderr}`);
    },
    async untilState(destination, wanted) {
      const look = async (): Promise<TemplateJson | undefined> => {
        const { templates } = (await fairlead.api('/v1/templates')) as TemplateListJson;
        return templates.find((each) => each.destination === destination);
      };
      const is = (found: TemplateJson | undefined): boolean => found?.state === wanted;
      const found = await until(`${destination} is ${wanted}`, look, is, {
        within: 60_000,
        context: fairlead.log,
      });
      if (found === undefined) throw new Error(`there is no template for ${destination}`);
      return found;
    },
    untilListed,
    startTask,
    async replaceTasks(destination) {
      for (const [next, old, rest] of [
        [3, 1, 2],
        [4, 2, 3],
      ] as const) {
        await startTask(next);
        await untilListed(destination, [old, rest, next]);
        await host.docker.cli('stop', '--time=10', taskName(old));
        await untilListed(destination, [rest, next]);
        await host.docker.remove(taskName(old));
        addresses.delete(old);
      }
    },
  };
}
