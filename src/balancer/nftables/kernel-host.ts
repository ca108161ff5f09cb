import { conntrackFault, forgetFlows, ledFlows } from '../../linux/conntrack.js';
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
  isForwarding,
  areBridgesFiltered,
  silenceRedirects,
} as const;

export type KernelHost = typeof thisKernel;
