import { bind } from './bind.js';
import { consul } from './consul.js';
import { dnsmasq } from './dnsmasq.js';
import { fairlead } from './fairlead.js';
import { floor } from './floor.js';
import { knot } from './knot.js';
import { nsd } from './nsd.js';
import type { ServerSpec } from './spec.js';
import { unbound } from './unbound.js';

/** In the order in which they are measured and shown. */
export const allServers = (floorProgram: string, main: string): readonly ServerSpec[] => [
  floor(floorProgram),
  fairlead(main, 'auto'),
  fairlead(main, 'off'),
  nsd,
  knot,
  unbound,
  dnsmasq,
  bind,
  consul,
];
