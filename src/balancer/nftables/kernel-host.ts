import { tryCrossings } from '../../linux/bridge-crossing.js';
import { conntrackFault, forgetFlows, ledFlows } from '../../linux/conntrack.js';
import { passDocker, stopPassingDocker } from '../../linux/docker-forwarding.js';
import { areBridgesFiltered, isForwarding, silenceRedirects } from '../../linux/forwarding.js';
import { countConnections, hasKernelRules, tryKernelRules } from '../../linux/vip-kernel-rules.js';

/** What the plane needs of the kernel besides rules. Tests substitute their own. */
export const thisKernel = {
  tryKernelRules,
  hasKernelRules,
  countConnections,
  conntrackFault,
  ledFlows,
  forgetFlows,
  passDocker,
  stopPassingDocker,
  tryCrossings,
  isForwarding,
  areBridgesFiltered,
  silenceRedirects,
} as const;

export type KernelHost = typeof thisKernel;
