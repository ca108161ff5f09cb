import { computed, signal } from '@preact/signals';
import { live } from './live.js';

const clock = (): number => {
  const at = Date.now();
  return at;
};

/** The browser's clock, once a second; ages that are shown count by it. */
export const tick = signal(clock());

/** Grows every five seconds: for what has to be asked for. */
export const beat = computed(() => Math.floor(tick.value / 5000));

/** The daemon's clock: times that it sends are shown relative to it. */
export const now = computed(() => {
  const { value: status } = live.status;
  return status ? Date.parse(status.now) + Math.max(0, tick.value - heardAt(status)) : tick.value;
});

const arrivals = new WeakMap<object, number>();

/** When a status came, by the browser's clock. */
function heardAt(status: object): number {
  const at = arrivals.get(status) ?? Date.now();
  arrivals.set(status, at);
  return at;
}

export function startClock(): void {
  setInterval(() => {
    if (!document.hidden) tick.value = clock();
  }, 1000);
}

/** `21:04:11`, in the browser's time zone. */
export function clockText(time: string | number): string {
  return new Date(time).toLocaleTimeString('en-GB');
}

/** `21:04:11.052` */
export function preciseText(time: string): string {
  const date = new Date(time);
  return `${date.toLocaleTimeString('en-GB')}.${String(date.getMilliseconds()).padStart(3, '0')}`;
}
