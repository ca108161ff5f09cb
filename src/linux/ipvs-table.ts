/** IPVS's table of virtual services, as ipvsadm(8) reads and prints it. */

/** One virtual service. The caller makes sure that addresses are written as the kernel prints them. */
export interface IpvsService {
  /** `rr`, `wlc`, ... */
  readonly scheduler: string;
  /** `sh-port`, `mh-fallback`, ...; in order of the alphabet. */
  readonly flags?: readonly string[];
  /** Seconds for which a client address keeps its destination. */
  readonly persistent?: number;
  /** By `address:port`. */
  readonly destinations: ReadonlyMap<string, IpvsDestination>;
}

export interface IpvsDestination {
  /** 0..65535; 0: no new connection. */
  readonly weight: number;
  /** The most connections; 0: no limit. */
  readonly upper: number;
  /** Once there were `upper`, new ones come when there are fewer than this; 0: three quarters of it. */
  readonly lower: number;
}

/** By `-t 10.43.0.2:80`, `-u [fd00::2]:53` or `-f 7`. */
export type IpvsTable = ReadonlyMap<string, IpvsService>;

/** How many connections a destination has. */
export interface IpvsLoad {
  readonly active: number;
  readonly inactive: number;
}

/**
 * The input of `ipvsadm -R` that makes one table another. The kernel takes it line by line: what is new comes first,
 * so that no service is without a destination that it has before and after.
 */
export function changesOfIpvs(before: IpvsTable, after: IpvsTable): string[] {
  const [added, removed]: [string[], string[]] = [[], []];
  for (const [at, service] of after) {
    const old = before.get(at);
    const settings = settingsText(service);
    if (!old) added.push(`-A ${at} ${settings}`);
    else if (settings !== settingsText(old)) added.push(`-E ${at} ${settings}`);
    for (const [to, destination] of service.destinations) {
      const known = old?.destinations.get(to);
      const text = destinationText(destination);
      if (!known) added.push(`-a ${at} -r ${to} ${text}`);
      else if (text !== destinationText(known)) added.push(`-e ${at} -r ${to} ${text}`);
    }
    for (const to of old?.destinations.keys() ?? [])
      if (!service.destinations.has(to)) removed.push(`-d ${at} -r ${to}`);
  }
  for (const at of before.keys()) if (!after.has(at)) removed.push(`-D ${at}`);
  return [...added, ...removed];
}

/**
 * Reads what `ipvsadm -S -n` prints. Only `ipvsadm -L -n --thresholds` tells the limits of destinations.
 * @param listing its output
 */
export function parseIpvs(rules: string, listing = ''): IpvsTable {
  const limits = parseListing(listing);
  const table = new Map<
    string,
    Omit<IpvsService, 'destinations'> & { destinations: Map<string, IpvsDestination> }
  >();
  for (const line of rules.split('\n')) {
    const [action, kind, address, ...words] = line.trim().split(/\s+/);
    if (kind === undefined || address === undefined) continue;
    const at = `${kind} ${address}`;
    const valueOf = (option: string): string | undefined =>
      words.includes(option) ? words[words.indexOf(option) + 1] : undefined;
    if (action === '-A') {
      const [flags, persistent] = [valueOf('-b'), valueOf('-p')];
      table.set(at, {
        scheduler: valueOf('-s') ?? 'wlc',
        ...(flags !== undefined && { flags: flags.split(',').sort() }),
        ...(persistent !== undefined && { persistent: Number(persistent) }),
        destinations: new Map(),
      });
    } else if (action === '-a') {
      const to = valueOf('-r') ?? '';
      const { upper = 0, lower = 0 } = limits.get(`${at} ${to}`) ?? {};
      table.get(at)?.destinations.set(to, { weight: Number(valueOf('-w') ?? 1), upper, lower });
    }
  }
  return table;
}

/** Reads what `ipvsadm -L -n --thresholds` prints. @returns by `-t 10.43.0.2:80 10.88.0.11:8080` */
export function parseListing(
  listing: string,
): ReadonlyMap<string, Pick<IpvsDestination, 'upper' | 'lower'> & IpvsLoad> {
  return new Map(
    destinationLines(listing).map(([name, [upper = 0, lower = 0, active = 0, inactive = 0]]) => [
      name,
      { upper, lower, active, inactive },
    ]),
  );
}

/** Reads what `ipvsadm -L -n --stats --exact` prints. @returns how many connections each had, by the same names */
export function parseStats(listing: string): ReadonlyMap<string, number> {
  return new Map(destinationLines(listing).map(([name, [connections = 0]]) => [name, connections]));
}

/** @returns a name of service and destination, and the numbers of its line */
function destinationLines(listing: string): [name: string, numbers: number[]][] {
  const found: [string, number[]][] = [];
  let at = '';
  for (const line of listing.split('\n')) {
    const [, kind, address] = /^(TCP|UDP|FWM) +(\S+)/.exec(line) ?? [];
    if (kind !== undefined) at = `-${kind[0]?.toLowerCase() ?? ''} ${address ?? ''}`;
    const [, to, numbers] = /^ {2}-> (\S*\d) +(\d[\d ]*)$/.exec(line) ?? [];
    if (to !== undefined && numbers !== undefined)
      found.push([`${at} ${to}`, numbers.trim().split(/ +/).map(Number)]);
  }
  return found;
}

function settingsText({ scheduler, flags, persistent }: IpvsService): string {
  return [
    `-s ${scheduler}`,
    ...(persistent === undefined ? [] : [`-p ${persistent}`]),
    ...(flags === undefined ? [] : [`-b ${flags.join(',')}`]),
  ].join(' ');
}

/** `-m`: the kernel translates addresses (masquerading), the only way to a port that is not the service's. */
function destinationText({ weight, upper, lower }: IpvsDestination): string {
  return `-m -w ${weight} -x ${upper} -y ${lower}`;
}
