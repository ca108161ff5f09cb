import { holdIpvsTimeouts, setIpvsSettings } from '../../linux/ipvs-settings.js';
import { changeIpvs, ipvsFault, readIpvs, readIpvsLoads, readIpvsStats } from '../../linux/ipvsadm.js';

/** What the plane needs of IPVS. Tests substitute their own. */
export const thisIpvs = {
  ipvsFault,
  readIpvs,
  readIpvsLoads,
  readIpvsStats,
  changeIpvs,
  holdIpvsTimeouts,
  setIpvsSettings: () => setIpvsSettings(),
} as const;

export type IpvsHost = typeof thisIpvs;
