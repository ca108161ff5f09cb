import { isDeepStrictEqual } from 'node:util';
import type { TemplatePort } from '../api/ports.js';
import type { ProgramJson, TemplateJson } from '../api/types/templates-json.js';
import type { Catalog } from '../catalog/catalog.js';
import type { ChangeSet } from '../catalog/change.js';
import type { Demand } from '../catalog/demand.js';
import type { Config } from '../config/config-model.js';
import { keepChildren, type ChildKeeper } from '../linux/children.js';
import type { Log } from '../net/log.js';
import { ChangedKeys } from '../render/changed-keys.js';
import type { CatalogAnswers } from '../render/catalog-answers.js';
import type { DemandingAnswers } from '../render/demanding-answers.js';
import type { FileAnswers } from '../render/file-answers.js';
import type { ProgramStatus, RenderedProgram } from '../render/rendered-program.js';
import type { Renderer } from '../render/renderer.js';
import type { TargetStatus } from '../render/template-target.js';
import { watchFile } from '../text/file-watch.js';
import { keyValueStore } from './key-value-store.js';
import type { Part } from './lifecycle.js';
import type { LoadedConfig } from './loaded-config.js';
import { renderingHostOf } from './rendering-host-of.js';
import { systemTimers, type Timers } from '../runtime/timers.js';

/** Changes of the catalog within this time are handled together. */
const GATHER_MS = 5;

/**
 * How long files of an earlier process are left as they are while a source has not yet been reached. Then they are
 * rendered from what the source reported to that process.
 */
const RESTORED_MS = 10_000;

/** What runs for one configuration. */
interface Running {
  readonly settings: Settings;
  readonly demanding: DemandingAnswers;
  readonly answers: CatalogAnswers;
  readonly files: FileAnswers;
  readonly keys: { stop(): void };
  readonly renderer: Renderer;
}

/** What of the configuration rendering depends on. */
type Settings = Pick<Config, 'render' | 'environment' | 'host'> & {
  /** Where keys are read from. */
  readonly consul: unknown;
};

/** The files that are rendered from templates, and the program that reads them. */
export class RenderPart implements Part, TemplatePort {
  readonly name = 'templates';
  readonly #catalog: Catalog;
  readonly #demand: Demand;
  readonly #log: Log;
  #running: Running | undefined;
  #program: RenderedProgram | undefined;
  #children: ChildKeeper | undefined;
  #gather: (() => void) | undefined;
  #areThere: (targets: readonly TargetStatus[]) => boolean = () => false;

  /** What changed since the answers were last updated. */
  readonly #changes = new ChangedKeys();
  readonly #timers: Timers;
  /** The sources that this process has reached. */
  readonly #reached = new Set<string>();
  #isPatient = true;
  #endPatience: (() => void) | undefined;

  constructor(catalog: Catalog, demand: Demand, log: Log, timers = systemTimers) {
    this.#catalog = catalog;
    this.#demand = demand;
    this.#log = log;
    this.#timers = timers;
    catalog.onChange((change) => this.#changed(change));
  }

  async start({ config }: LoadedConfig): Promise<void> {
    this.#endPatience = this.#timers.after(RESTORED_MS, () => {
      this.#isPatient = false;
      this.#refresh();
    });
    if (process.pid === 1) this.#children = await keepChildren(this.#log);
    await this.#begin(config);
  }

  /** What is the same in both configurations goes on: above all the program, whose clients would notice. */
  async reload({ config }: LoadedConfig): Promise<void> {
    const before = this.#running?.settings;
    if (before !== undefined && isDeepStrictEqual(before, settingsOf(config))) return;
    await this.#end(isDeepStrictEqual(programOf(before), programOf(config)));
    await this.#begin(config);
  }

  async stop(): Promise<void> {
    this.#endPatience?.();
    await this.#end(false);
    this.#children?.stop();
    this.#children = undefined;
  }

  list(): TemplateJson[] {
    return (this.#running?.renderer.status() ?? []).map(statusJson);
  }

  /** The files, and how often each was written since it is rendered with these settings. */
  written(): readonly Pick<TargetStatus, 'destination' | 'renders'>[] {
    return this.#running?.renderer.status() ?? [];
  }

  program(): ProgramJson | undefined {
    return this.#program && programJson(this.#program.status);
  }

  /** The services that templates name are in use, although no template is run while nothing changes. */
  noteUse(): void {
    this.#running?.demanding.noteUse();
  }

  async #end(keepsProgram: boolean): Promise<void> {
    this.#gather?.();
    this.#gather = undefined;
    const running = this.#running;
    this.#running = undefined;
    running?.files.stop();
    running?.keys.stop();
    await running?.renderer.stop();
    if (keepsProgram) return;
    await this.#program?.stop();
    this.#program = undefined;
  }

  async #begin(config: Config): Promise<void> {
    const { render } = config;
    if (render.templates.length === 0 && render.exec === undefined) return;
    // The functions of templates take some 20 MB: only daemons that render have them.
    const [
      { CatalogAnswers },
      { DemandingAnswers },
      { ChainedAnswers, FileAnswers },
      { execOf, targetOf },
      { Renderer },
      { areThere, RenderedProgram },
      { KeyValueAnswers, NO_KEYS },
    ] = await Promise.all([
      import('../render/catalog-answers.js'),
      import('../render/demanding-answers.js'),
      import('../render/file-answers.js'),
      import('../render/config-targets.js'),
      import('../render/renderer.js'),
      import('../render/rendered-program.js'),
      import('../render/key-value-answers.js'),
    ]);
    this.#areThere = areThere;
    const log = this.#log;
    const { withoutRights } = (this.#children ??= await keepChildren(log));
    const store = await keyValueStore(config);
    // From here to the start nothing is awaited: no change of the catalog is missed.
    const answers = new CatalogAnswers(renderingHostOf(config));
    if (this.#isKnown()) {
      answers.update(this.#catalog.snapshot);
      this.#changes.clear();
    }
    const onChange = () => renderer.changed();
    const demanding = new DemandingAnswers(answers, this.#demand, config.environment, () => this.#refresh());
    const files = new FileAnswers(systemTimers, onChange);
    const keys = store && new KeyValueAnswers({ store: (dc) => store.of(dc), onChange, log });
    const targets = render.templates.map((template) => targetOf(template, render));
    if (render.exec !== undefined) {
      this.#program ??= new RenderedProgram(execOf(render.exec, render), {
        // eslint-disable-next-line fairlead/wall-clock -- a stamp
        now: Date.now,
        ...{ environment: process.env, timers: systemTimers, random: Math.random },
        ...{ log, withoutRights },
      });
    }
    const renderer = new Renderer({
      targets,
      port: new ChainedAnswers([demanding, files, keys ?? NO_KEYS]),
      settings: {
        host: {
          environment: process.env,
          allowPlugin: render.allowPlugin,
          allowWriteToFile: render.allowWriteToFile,
        },
        // eslint-disable-next-line fairlead/wall-clock -- stamps, and what templates call the time
        now: Date.now,
        withoutRights,
      },
      timers: systemTimers,
      log,
      watch: watchFile,
      onRound: ({ written }) => this.#afterRound(written),
    });
    const stop = () => {
      keys?.stop();
      store?.close();
    };
    this.#running = { settings: settingsOf(config), demanding, answers, files, keys: { stop }, renderer };
    renderer.start();
    // Without templates there is nothing to wait for.
    if (targets.length === 0) this.#afterRound(0);
  }

  #afterRound(written: number): void {
    // A round may end while this stops: no program is to start then, but one that goes on must hear of the change.
    const status = this.#running?.renderer.status();
    this.#program?.afterRound(written, status !== undefined && this.#areThere(status));
  }

  #changed(change: ChangeSet): void {
    if (this.#running === undefined) return;
    this.#changes.add(change);
    this.#gather ??= this.#timers.after(GATHER_MS, () => this.#refresh());
  }

  #refresh(): void {
    this.#gather?.();
    this.#gather = undefined;
    if (this.#running === undefined || !this.#isKnown()) return;
    this.#running.answers.update(this.#catalog.snapshot, this.#changes);
    this.#changes.clear();
    this.#running.renderer.changed();
  }

  /**
   * Whether the catalog knows more than the files of an earlier process. Its saved facts are older than what it
   * rendered last.
   */
  #isKnown(): boolean {
    const { sources } = this.#catalog.snapshot;
    for (const { name, state } of sources) if (state === 'live') this.#reached.add(name);
    return !this.#isPatient || sources.every(({ name }) => this.#reached.has(name));
  }
}

function settingsOf({ render, environment, host, sources, publishers }: Config): Settings {
  return { render, environment, host, consul: [sources.consul, publishers.consul] };
}

/** All that the program is made of. */
function programOf(settings: Pick<Config, 'render'> | undefined) {
  return { exec: settings?.render.exec, runAs: settings?.render.runAs };
}

function statusJson({
  renderedAt,
  checkedAt: _,
  renders: __,
  command,
  ...status
}: TargetStatus): TemplateJson {
  return {
    ...status,
    ...(renderedAt !== undefined && { renderedAt: new Date(renderedAt).toISOString() }),
    ...(command !== undefined && { command: { ...command, at: new Date(command.at).toISOString() } }),
  };
}

function programJson({ startedAt, ...status }: ProgramStatus): ProgramJson {
  return { ...status, ...(startedAt !== undefined && { startedAt: new Date(startedAt).toISOString() }) };
}
