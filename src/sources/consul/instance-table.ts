import { isDeepStrictEqual } from 'node:util';
import type { FactDelta, TaskFact } from '../../catalog/facts.js';
import type { Problem } from '../../catalog/model.js';
import type { HealthEntry } from './health-entry.js';
import { instanceFact, type InstanceContext, type InstanceFact } from './instance-fact.js';
import { mergeInstances } from './task-merge.js';

/** The instances of all watched services, and their tasks. A change of one service makes one delta. */
export class InstanceTable {
  readonly #context: InstanceContext;
  readonly #services = new Map<string, readonly InstanceFact[]>();
  /** Task id to the facts of its instances, by service and instance. */
  readonly #parts = new Map<string, Map<string, TaskFact>>();
  readonly #tasks = new Map<string, TaskFact>();
  readonly #faults = new Map<string, readonly Problem[]>();
  #problems: readonly Problem[] = [];

  constructor(context: InstanceContext) {
    this.#context = context;
  }

  get tasks(): readonly TaskFact[] {
    return [...this.#tasks.values()];
  }

  get problems(): readonly Problem[] {
    return this.#problems;
  }

  /**
   * Replaces the instances of a service.
   * @param entries empty if the service is gone or no longer watched
   * @returns the change; undefined if there is none
   */
  set(service: string, entries: readonly HealthEntry[]): FactDelta | undefined {
    const touched = new Set<string>();
    this.#services.get(service)?.forEach(({ task }, at) => {
      if (task) this.#part(task.id, `${service} ${at}`, undefined, touched);
    });
    const facts = entries
      .toSorted((a, b) => (`${a.node} ${a.id}` < `${b.node} ${b.id}` ? -1 : 1))
      .map((entry) => instanceFact(entry, this.#context));
    if (facts.length === 0) this.#services.delete(service);
    else this.#services.set(service, facts);
    facts.forEach(({ task }, at) => {
      if (task) this.#part(task.id, `${service} ${at}`, task, touched);
    });
    const given: TaskFact[] = [];
    const removed: string[] = [];
    for (const id of touched) {
      const before = this.#tasks.get(id);
      const parts = [...(this.#parts.get(id) ?? [])].sort(([a], [b]) => (a < b ? -1 : 1));
      const after = mergeInstances(parts.map(([, fact]) => fact));
      if (after === undefined) {
        if (this.#tasks.delete(id)) removed.push(id);
      } else if (!isDeepStrictEqual(before, after)) {
        this.#tasks.set(id, after);
        given.push(after);
      }
    }
    const problems = this.#newProblems(service, facts);
    if (given.length + removed.length === 0 && problems === undefined) return undefined;
    return {
      ...(given.length > 0 && { tasks: given }),
      ...(removed.length > 0 && { removedTasks: removed }),
      ...(problems && { problems }),
    };
  }

  #part(id: string, key: string, fact: TaskFact | undefined, touched: Set<string>): void {
    touched.add(id);
    const parts = this.#parts.get(id) ?? new Map<string, TaskFact>();
    if (fact) parts.set(key, fact);
    else parts.delete(key);
    if (parts.size > 0) this.#parts.set(id, parts);
    else this.#parts.delete(id);
  }

  #newProblems(service: string, facts: readonly InstanceFact[]): readonly Problem[] | undefined {
    const problems = facts.flatMap((each) => each.problems);
    if (isDeepStrictEqual(problems, this.#faults.get(service) ?? [])) return undefined;
    if (problems.length === 0) this.#faults.delete(service);
    else this.#faults.set(service, problems);
    this.#problems = [...this.#faults].sort(([a], [b]) => (a < b ? -1 : 1)).flatMap(([, each]) => each);
    return this.#problems;
  }
}
