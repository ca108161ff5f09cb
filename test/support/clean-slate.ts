import { afterAll, vi } from 'vitest';

/** In ms. It only ends a test that hangs; `vi.waitFor` gives up after one second by itself, which a busy machine exceeds. */
const PATIENCE = 240_000;

const patient = vi as { waitFor: typeof vi.waitFor & { isPatient?: true } };
if (!patient.waitFor.isPatient) {
  const { waitFor } = vi;
  patient.waitFor = Object.assign(
    ((callback, options = {}) =>
      waitFor(callback, {
        interval: 10,
        ...(typeof options === 'object' ? options : {}),
        timeout: PATIENCE,
      })) as typeof vi.waitFor,
    { isPatient: true as const },
  );
}

// Files share a process (`isolate: false`): what one of them leaves behind must not reach the next.
afterAll(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
  vi.unstubAllEnvs();
  vi.unstubAllGlobals();
});
