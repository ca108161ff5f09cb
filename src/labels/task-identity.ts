import { type Balancing, readBalancing, type BalancingSetting } from '../net/balancing.js';
import type { EndpointMode, Problem, ServiceRef } from '../catalog/model.js';
import { parseBoolean } from '../net/boolean.js';
import { labelFault, nameFault } from '../net/dns-labels.js';
import { isReservedName } from '../net/reserved-names.js';
import type { Upstream } from '../net/upstream.js';
import { byName, defaultStack, originOf, placeByLabels, type Found, type Place } from './label-families.js';
import { hideSecretsOf } from './label-secrets.js';
import type { OwnLabel } from './label-table.js';
import { isOwnLabel, labelRow, unknownLabelMessage } from './unknown-labels.js';
import {
  readBoolean,
  readEndpointMode,
  readLinks,
  readNames,
  readPortList,
  readUpstreams,
  readVip,
  readWeight,
  RESERVED,
  type LabelledPort,
  type Reading,
} from './label-values.js';
import { dnsNames, operatorName } from './task-names.js';
import { nearest } from '../text/nearest.js';
import { printable, quoted } from '../text/printable.js';

/** The object that carries the labels: a container, a Swarm task, an instance in Consul. */
export interface LabelSource {
  /** The word for it in messages: `container`. */
  readonly kind: string;
  /** Of the task. */
  readonly id: string;
  /** The name in its source, without Docker's slash. */
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly env: Readonly<Record<string, string>>;
}

/** The identity of a task, from its labels and its name. */
export interface Identity {
  /** False if a label asks not to serve it at all. */
  readonly enabled: boolean;
  readonly name: string;
  readonly names: readonly string[];
  /** Further names, for clients on its networks. */
  readonly aliases: readonly string[];
  readonly environment: string;
  readonly stack: string;
  readonly service?: ServiceRef;
  /** The stack that it is of whatever its labels say of its service. */
  readonly origin: string;
  /** It seals its service. */
  readonly sealed: boolean;
  /** The name of its service as it was found. */
  readonly spelled?: string;
  /** Further services from the names of its ports, with the port of each. */
  readonly portServices: readonly { readonly service: string; readonly port: number }[];
  /** Adds to the ports that Docker knows, or names them. */
  readonly ports: readonly LabelledPort[];
  readonly portNames: ReadonlyMap<number, string>;
  readonly ignoredPorts: ReadonlySet<number>;
  readonly links: Readonly<Record<string, string>>;
  /** Empty if it has none of its own. */
  readonly upstreams: readonly Upstream[];
  readonly weight: number;
  readonly expose: boolean;
  readonly endpointMode?: EndpointMode;
  /** The virtual IP that it requests for its service. */
  readonly vip?: string;
  /** Absent if it is not set. */
  readonly balancing?: Balancing;
  /** Whether it should take no new traffic. */
  readonly drain: boolean;
  /** Whether its resolv.conf should name Fairlead; absent if no label says so. */
  readonly asksFairlead?: boolean;
  readonly problems: readonly Problem[];
}

/**
 * Reads labels, best family first: `fairlead.*` (each on its own), Rancher, Swarm, Compose, registrator, the task's
 * name. A stack, service or environment that is not a DNS label refuses the service, and the task is served by its own
 * name. Any other bad value becomes a problem, and its default applies.
 * @param environment the daemon's environment
 */
export function identify(carrier: LabelSource, environment: string): Identity {
  const reader = new LabelReader(carrier);
  const name = operatorName(carrier.name);
  const told = placeByLabels({ ...carrier, name }) ?? byName(name);
  const place = withOwn(reader, told);
  // Rancher's word counts for the stack that Rancher names, not for another that a label of ours asks for.
  const isMoved = place.stack !== told.stack;
  const service = reader.service(place, environment);
  const override = reader.read('fairlead.name', undefined, readName);
  const rancherName = own(carrier.labels, 'io.rancher.container.name');
  const number = place.number;
  const words = [place.stack.text, place.service?.text, place.sidekick?.text, number].filter(
    (one) => one !== undefined,
  );
  const endpointMode = reader.read('fairlead.endpoint_mode', undefined, readEndpointMode);
  const vip = reader.read('fairlead.vip', undefined, readVip);
  const balancing = reader.balancing();
  const asksFairlead =
    reader.read('fairlead.dns', undefined, (text) => readBoolean<boolean | undefined>(text, undefined)) ??
    parseBoolean(own(carrier.labels, 'io.rancher.container.dns') ?? '');
  reader.tellUnknown();
  return {
    enabled: reader.read('fairlead.enable', true, (text) => readBoolean(text, true)),
    name,
    names: dnsNames({
      id: carrier.id,
      dockerName: carrier.name,
      ...(override === undefined ? {} : { override }),
      ...(rancherName === undefined ? {} : { rancherName }),
      ...(number === undefined || place.service === undefined ? {} : { place: words }),
    }),
    aliases: reader.read('fairlead.aliases', [], readNames),
    ...service,
    origin: originOf({ ...carrier, name }, isMoved ? told.stack : undefined),
    sealed: reader.read('fairlead.sealed', false, (text) => readBoolean(text, false)),
    ports: reader.read('fairlead.ports', [], readPortList),
    ...(place.service && { spelled: place.service.text }),
    portServices: portServices(reader.portNames(place), service.service, place.isNamedByPort === true),
    portNames: reader.portNames(place),
    ignoredPorts: place.ignoredPorts ?? new Set(),
    links: reader.read('fairlead.links', {}, readLinks),
    upstreams: reader.read('fairlead.dns.upstreams', [], readUpstreams),
    weight: reader.read('fairlead.weight', 1, readWeight),
    expose: reader.read('fairlead.expose', false, (text) => readBoolean(text, false)),
    ...(endpointMode === undefined ? {} : { endpointMode }),
    ...(vip === undefined ? {} : { vip }),
    ...(Object.keys(balancing).length === 0 ? {} : { balancing }),
    drain: reader.read('fairlead.drain', false, (text) => readBoolean(text, false)),
    ...(asksFairlead === undefined ? {} : { asksFairlead }),
    problems: reader.problems,
  };
}

/** If the names of ports are names of services, each one besides the task's own is also a service. */
function portServices(
  names: ReadonlyMap<number, string>,
  service: ServiceRef | undefined,
  isNamedByPort: boolean,
): Identity['portServices'] {
  if (!isNamedByPort || service === undefined) return [];
  return [...names]
    .filter(([, name]) => name !== service.service)
    .map(([port, name]) => ({ service: name, port }));
}

function own(labels: Readonly<Record<string, string>>, label: string): string | undefined {
  const text = Object.hasOwn(labels, label) ? labels[label] : undefined;
  return text === '' ? undefined : text;
}

function withOwn(reader: LabelReader, place: Place): Place {
  const stack = reader.find('fairlead.stack');
  const service = reader.find('fairlead.service');
  const sidekick = reader.find('fairlead.sidekick');
  const { sidekick: foreign, ...rest } = place;
  // If the user chose another service, the sidekick in other labels does not belong to it.
  const kept = sidekick ?? (service === undefined ? foreign : undefined);
  return {
    ...rest,
    ...(stack === undefined ? {} : { stack }),
    ...(service === undefined ? {} : { service }),
    ...(kept === undefined ? {} : { sidekick: kept }),
  };
}

function readName(text: string): Reading<string | undefined> {
  const name = text.trim().toLowerCase();
  const fault = nameFault(name) ?? (isReservedName(name) ? RESERVED : undefined);
  return fault === undefined ? { value: name } : { value: undefined, fault };
}

const ignored = 'this is ignored; correct it or remove the label';

/** At most this many unknown labels of a task are listed. */
const maxUnknown = 8;

class LabelReader {
  readonly problems: Problem[] = [];
  readonly #carrier: LabelSource;

  constructor(carrier: LabelSource) {
    this.#carrier = carrier;
  }

  find(label: OwnLabel): Found | undefined {
    const text = own(this.#carrier.labels, label);
    return text === undefined ? undefined : { text, label };
  }

  read<T>(label: OwnLabel, otherwise: T, read: (text: string) => Reading<T>): T {
    const found = this.find(label);
    if (found === undefined) return otherwise;
    const { value, fault } = read(found.text);
    if (fault !== undefined) this.#refuse(found, fault, ignored);
    return value;
  }

  balancing(): Balancing {
    const label = ({ name }: Pick<BalancingSetting<unknown>, 'name'>) => `fairlead.${name}`;
    return readBalancing(
      (name) => own(this.#carrier.labels, label({ name })),
      (setting, text) => {
        const meant = nearest(text, setting.words ?? []);
        const hint = meant === undefined ? '' : `; did you mean ${meant}?`;
        this.#refuse({ text, label: label(setting) }, `is not ${setting.expected}${hint}`, ignored);
      },
    );
  }

  tellUnknown(): void {
    const strange = Object.keys(this.#carrier.labels).filter(
      (label) => isOwnLabel(label) && labelRow(label) === undefined,
    );
    for (const label of strange.slice(0, maxUnknown))
      this.#problem('label-unknown', unknownLabelMessage(label));
  }

  service(place: Place, environment: string): Pick<Identity, 'environment' | 'stack' | 'service'> {
    const told = this.find('fairlead.environment');
    const home = this.#label(told, 'environment');
    const stack = this.#label(place.stack, 'stack');
    const service = this.#label(place.service, 'service');
    const sidekick = this.#label(place.sidekick, 'sidekick');
    const base = { environment: home ?? environment, stack: stack ?? defaultStack.text };
    const refused =
      (told !== undefined && home === undefined) ||
      stack === undefined ||
      (place.sidekick !== undefined && sidekick === undefined);
    if (refused || service === undefined) return base;
    return { ...base, service: { ...base, service, ...(sidekick === undefined ? {} : { sidekick }) } };
  }

  portNames(place: Place): Map<number, string> {
    const names = [...(place.portNames ?? [])].map(([port, text]) => [port, text.toLowerCase()] as const);
    return new Map(names.filter(([, text]) => labelFault(text) === undefined));
  }

  #label(found: Found | undefined, what: string): string | undefined {
    if (found === undefined) return undefined;
    const label = found.text.toLowerCase();
    const fault = labelFault(label);
    if (fault === undefined) return label;
    const effect = 'its service is refused, so it has only its own name';
    this.#refuse(
      found,
      `is not a valid ${what} name: it ${fault}`,
      `${effect}; use a-z, 0-9, "-" and "_", at most 63`,
    );
    return undefined;
  }

  #refuse({ text, label }: Found, fault: string, effect: string): void {
    const value =
      label === undefined
        ? `its name ${quoted(text)}`
        : `label ${printable(label)}=${quoted(hideSecretsOf(label, text))}`;
    this.#problem('label-invalid', `${value} ${fault}; ${effect}`);
  }

  #problem(code: string, what: string): void {
    const subject = `${this.#carrier.kind} ${printable(operatorName(this.#carrier.name))}`;
    this.problems.push({ code, subject, message: `${subject}: ${what}`, task: this.#carrier.id });
  }
}
