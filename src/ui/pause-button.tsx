import { isPaused } from './shortcuts.js';

/** `p` does the same. */
export function PauseButton({ missed }: { readonly missed: number }) {
  return (
    <p>
      <button type="button" aria-pressed={isPaused.value} onClick={() => (isPaused.value = !isPaused.value)}>
        Pause
      </button>{' '}
      {isPaused.value && missed > 0 && <span class="dim">{missed} more have come</span>}
    </p>
  );
}
