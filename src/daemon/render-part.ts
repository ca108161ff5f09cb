import { hostname } from 'node:os';
import type { TemplatePort } from '../api/ports.js';
import type { TemplateJson } from '../api/types/templates.js';
import type { Catalog } from '../catalog/catalog.js';
import type { ChangeSet } from '../catalog/change.js';
import type { Config } from '../config/model.js';
import { hostAddress } from '../linux/addresses.js';
import type { Log } from '../net/log.js';
import { ChangedKeys } from '../render/changed-keys.js';
import type { CatalogAnswers } from '../render/catalog-answers.js';
import type { FileAnswers } from '../render/file-answers.js';
import type { Renderer } from '../render/renderer.js';
import type { TargetStatus } from '../render/target.js';
import type { Part } from './lifecycle.js';
import type { LoadedConfig } from './loaded-config.js';
import { systemTimers } from '../runtime/timers.js';

/** Changes of the catalog within this time are taken together. */
const GATHER_MS = 5;

/** The files that are rendered from templates. */
export class RenderPart implements Part, TemplatePort {
  readonly name = 'templates';
  readonly #catalog: Catalog;
  readonly #log: Log;
  #renderer: Renderer | undefined;
  #answers: CatalogAnswers | undefined;
  #files: FileAnswers | undefined;
  #gather: (() => void) | undefined;

  /** What changed since the answers were last updated. */
  readonly #changes = new ChangedKeys();

  constructor(catalog: Catalog, log: Log) {
    this.#catalog = catalog;
    this.#log = log;
    catalog.onChange((change) => this.#changed(change));
  }

  async start({ config }: LoadedConfig): Promise<void> {
    await this.#begin(config);
  }

  async reload({ config }: LoadedConfig): Promise<void> {
    await this.stop();
    await this.#begin(config);
  }

  async stop(): Promise<void> {
    this.#gather?.();
    this.#gather = undefined;
    this.#files?.stop();
    const renderer = this.#renderer;
    this.#renderer = this.#answers = this.#files = undefined;
    await renderer?.stop();
  }

  list(): TemplateJson[] {
    return (this.#renderer?.status() ?? []).map(statusJson);
  }

  async #begin({ render, environment, host }: Config): Promise<void> {
    if (render.templates.length === 0) return;
    // The functions of templates take some 20 MB: only daemons that render have them.
    const [{ CatalogAnswers }, { ChainedAnswers, FileAnswers }, { targetOf }, { Renderer }] =
      await Promise.all([
        import('../render/catalog-answers.js'),
        import('../render/file-answers.js'),
        import('../render/config-targets.js'),
        import('../render/renderer.js'),
      ]);
    const answers = new CatalogAnswers({
      name: host.name ?? hostname(),
      address: host.address ?? hostAddress() ?? '127.0.0.1',
      environment,
      datacenter: render.datacenter,
      addresses: render.addresses,
    });
    answers.update(this.#catalog.snapshot);
    this.#changes.clear();
    this.#answers = answers;
    this.#files = new FileAnswers(render.keys, systemTimers, () => this.#renderer?.changed());
    const wait = { min: render.wait.min, max: render.wait.max };
    this.#renderer = new Renderer({
      targets: render.templates.map((template) => targetOf(template, wait)),
      port: new ChainedAnswers([answers, this.#files]),
      settings: {
        host: {
          environment: process.env,
          allowPlugin: render.allowPlugin,
          allowWriteToFile: render.allowWriteToFile,
        },
        // eslint-disable-next-line fairlead/wall-clock -- stamps, and what templates call the time
        now: Date.now,
      },
      timers: systemTimers,
      log: this.#log,
    });
    this.#renderer.start();
  }

  #changed(change: ChangeSet): void {
    if (this.#answers === undefined) return;
    this.#changes.add(change);
    if (this.#gather !== undefined) return;
    this.#gather = systemTimers.after(GATHER_MS, () => {
      this.#gather = undefined;
      this.#answers?.update(this.#catalog.snapshot, this.#changes);
      this.#changes.clear();
      this.#renderer?.changed();
    });
  }
}

function statusJson({ renderedAt, checkedAt: _, command, ...status }: TargetStatus): TemplateJson {
  return {
    ...status,
    ...(renderedAt !== undefined && { renderedAt: new Date(renderedAt).toISOString() }),
    ...(command !== undefined && { command: { ...command, at: new Date(command.at).toISOString() } }),
  };
}
