import { setIpvsSettings } from '../../linux/ipvs-settings.js';
import {
  changeIpvs,
  ipvsFault,
  readIpvs,
  readIpvsLoads,
  readIpvsStats,
  readIpvsTimeouts,
  setIpvsTimeouts,
} from '../../linux/ipvsadm.js';

/** What the plane needs of IPVS. Tests substitute their own. */
export const thisIpvs = {
  ipvsFault,
  readIpvs,
  readIpvsLoads,
  readIpvsStats,
  changeIpvs,
  readIpvsTimeouts,
  setIpvsTimeouts,
  setIpvsSettings: () => setIpvsSettings(),
} as const;

export type IpvsHost = typeof thisIpvs;
