import type { Health, Problem, Task } from '../catalog/model.js';
import { describeCheck, type HealthCheck } from './check.js';
import type { Probe, ProbeResult, ProbeTarget } from './probes/probe.js';
import { firstState, healthOf, type HealthState } from './state-machine.js';
import type { WheelTimer } from '../runtime/timer-wheel.js';

/** How the last probe of a task went. */
export interface LastProbe {
  readonly result: ProbeResult;
  /** When it ended, by the clock of the wheel. */
  readonly at: number;
  /** Milliseconds that it took. */
  readonly took: number;
}

/** Everything that the checker keeps of one task. It belongs to the checker; nothing else changes it. */
export class CheckedTask {
  task: Task;
  check: HealthCheck;
  probe: Probe | undefined;
  target: ProbeTarget | undefined;
  state: HealthState;
  last: LastProbe | undefined;
  /** What is wrong with what was written for its check. */
  problems: readonly Problem[] = [];
  /** What the last probe found to be wrong with the check itself. */
  fault: string | undefined;
  /** Why it is in its probed state, as it was reported last. */
  cause = '';
  /** When the next probe is to begin; undefined: none is planned. */
  dueAt: number | undefined;
  /** When the last one began. */
  begunAt = 0;
  /** It is due and waits for its turn. */
  queued = false;
  /** The probe that runs; a new object for each, so that a late result is known for what it is. */
  running: AbortController | undefined;
  /** Asked for while one was running: another one follows at once. */
  again = false;
  readonly dueTimer: WheelTimer;
  readonly timeoutTimer: WheelTimer;
  /** Ends `initializing` when no probe does. */
  readonly phaseTimer: WheelTimer;

  constructor(
    task: Task,
    check: HealthCheck,
    timers: Pick<CheckedTask, 'dueTimer' | 'timeoutTimer' | 'phaseTimer'>,
  ) {
    this.task = task;
    this.check = check;
    this.state = firstState(0);
    this.dueTimer = timers.dueTimer;
    this.timeoutTimer = timers.timeoutTimer;
    this.phaseTimer = timers.phaseTimer;
  }

  /**
   * As clients are given it. What the engine probes itself is reported with the task's facts; and where a source says for
   * certain that a task is not healthy, a probe that passes changes nothing.
   */
  get health(): Health {
    const { health, healthFrom } = this.task;
    const isCertain = health !== 'healthy' && healthFrom !== 'check';
    return this.check.kind === 'docker' || isCertain ? health : healthOf(this.state);
  }

  /** `tcp 10.42.0.7:80`. The port is the one that is dialled. */
  get description(): string {
    const { check, target } = this;
    if (!target || !('port' in check)) return describeCheck(check, target?.ip);
    return describeCheck({ ...check, port: target.port }, target.ip);
  }
}
