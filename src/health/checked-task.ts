import type { Health, Problem, Task } from '../catalog/model.js';
import { describeCheck, type HealthCheck } from './check.js';
import type { Probe, ProbeResult, ProbeTarget } from './probes/probe.js';
import { firstState, healthOf, type HealthState } from './state-machine.js';
import type { WheelTimer } from '../runtime/timer-wheel.js';

/** The result of the last probe of a task. */
export interface LastProbe {
  readonly result: ProbeResult;
  /** When it ended, by the clock of the wheel. */
  readonly at: number;
  /** Its duration in milliseconds. */
  readonly took: number;
}

/** The checker's state of one task. Only the checker changes it. */
export class CheckedTask {
  task: Task;
  check: HealthCheck;
  probe: Probe | undefined;
  target: ProbeTarget | undefined;
  state: HealthState;
  last: LastProbe | undefined;
  /** Mistakes in the definition of its check. */
  problems: readonly Problem[] = [];
  /** The mistake in the check itself that the last probe found. */
  fault: string | undefined;
  /** The reason for its probed state, as last reported. */
  cause = '';
  /** When the next probe starts; undefined if none is planned. */
  dueAt: number | undefined;
  /** When the last one started. */
  begunAt = 0;
  /** Whether it is due and waits for its turn. */
  queued = false;
  /** The running probe. Each has a new object, so that a late result can be recognised. */
  running: AbortController | undefined;
  /** Whether a probe was requested while one was running. Another one then follows at once. */
  again = false;
  readonly dueTimer: WheelTimer;
  readonly timeoutTimer: WheelTimer;
  /** Ends `initializing` if no probe does. */
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
   * The health that clients see. Results of the engine's own checks come with the task's facts. If a source is certain
   * that a task is not healthy, a passing probe changes nothing.
   */
  get health(): Health {
    const { health, healthFrom } = this.task;
    const isCertain = health !== 'healthy' && healthFrom !== 'check';
    return this.check.kind === 'docker' || isCertain ? health : healthOf(this.state);
  }

  /** `tcp 10.42.0.7:80`. The port is the one to which the probe connects. */
  get description(): string {
    const { check, target } = this;
    if (!target || !('port' in check)) return describeCheck(check, target?.ip);
    return describeCheck({ ...check, port: target.port }, target.ip);
  }
}
