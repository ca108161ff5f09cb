import { engineFaults } from './engine-faults.js';
import type { Fault } from './fault.js';
import { hostFaults } from './host-faults.js';
import { restartFaults } from './restart-faults.js';
import { stateFaults } from './state-faults.js';
import { vipFaults } from './vip-faults.js';

/** In the order of docs/reliability.md. */
export const faults: readonly Fault[] = [
  ...restartFaults,
  ...stateFaults,
  ...vipFaults,
  ...hostFaults,
  ...engineFaults,
];
