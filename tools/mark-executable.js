// tsc does not keep the executable bit that `bin` needs when the package is used from a checkout.
import { chmodSync } from 'node:fs';

chmodSync(new URL('../dist/main.js', import.meta.url), 0o755);
