import type { Task } from '../catalog/model.js';
import type { AdoptedContainer } from './adopted-container.js';
import { DOCKER_RESOLVER, parseResolvConf } from './resolv-conf.js';
import type { Decision, LeftCode } from './rules.js';

/** How one container resolves names. */
export interface AdoptionState {
  readonly task: Task;
  readonly adopted: boolean;
  /** Why it is left alone. Undefined if it is adopted. */
  readonly code?: LeftCode;
  readonly why: string;
  /** The address of its DNS server, if known. */
  readonly server?: string;
}

/** The decision about a container, and what its file contains. */
export function describeAdoption(
  task: Task,
  { path, original, isOurs }: Pick<AdoptedContainer, 'path' | 'original' | 'isOurs'>,
  decision: Decision,
): AdoptionState {
  const [server] = isOurs
    ? [decision.adopt ? decision.listener : undefined]
    : parseResolvConf(original ?? '').nameservers;
  const base = { task, adopted: isOurs, ...(server !== undefined && { server }) };
  if (!decision.adopt) return { ...base, code: decision.code, why: decision.why };
  if (isOurs) return { ...base, why: decision.why };
  const why = `${path} is not as Docker writes it for a user's network (nameserver ${DOCKER_RESOLVER}): a program or person has edited it; restart the container`;
  return { ...base, code: 'edited', why };
}
