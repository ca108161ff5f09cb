import { checkDaemon, checkResolver } from './check-daemon.js';
import { checkContainerDns, checkDocker } from './check-docker.js';
import { checkInside } from './check-inside.js';
import { checkListening } from './check-listen.js';
import { checkVips } from './check-vips.js';
import { checkConfig, checkNode, checkSysctls } from './check-runtime.js';
import type { Finding, HostFacts } from './host-facts.js';

/** Judges a host. Pure: the same facts give the same findings. */
export function diagnose(facts: HostFacts): readonly Finding[] {
  return [
    checkNode(facts),
    checkConfig(facts),
    ...checkSysctls(facts),
    ...checkListening(facts),
    ...checkVips(facts),
    ...checkDocker(facts),
    ...checkContainerDns(facts),
    ...checkInside(facts),
    checkResolver(facts),
    ...checkDaemon(facts),
  ];
}
