import { isDeepStrictEqual } from 'node:util';
import { HEALTHS } from '../catalog/model.js';
import { LAST_DATE } from '../catalog/health-overlay.js';
import {
  probed,
  savedBalancing,
  savedClients,
  savedDrainMarks,
  savedNetworks,
  savedUpstreams,
  type Part,
  type SavedContent,
} from './saved-schema.js';

/**
 * The schema of the saved state by hand. All that a start with a large catalog does before it answers is read this
 * file, so what there is much of is checked here: the schema takes ten times as long and copies everything. What is
 * rare is left to the schema. `test/state/saved-check.test.ts` holds the two together.
 */

type Fields = Readonly<Record<string, unknown>>;
type Check = (value: unknown) => boolean;

/**
 * Whether the schema would accept this parsed JSON and give back exactly the same. False also means that it would leave
 * something out.
 */
export function isSavedState(content: unknown): content is SavedContent {
  return (
    isFields(content) &&
    content.version === 1 &&
    isFields(content.sources) &&
    isRecord(content.sources, isSource) &&
    isAbsentOr(content.health, isHealth) &&
    isAbsentOr(content.vips, isListOf(isLease)) &&
    countOf(content) === 2 + present(content.health) + present(content.vips)
  );
}

const isSource: Check = (value) =>
  isFields(value) && isNumber(value.asOf) && isFacts(value.facts) && countOf(value) === 2;

const isFacts: Check = (value) =>
  isFields(value) &&
  isTasks(value.tasks) &&
  isServices(value.services) &&
  fits(savedNetworks, value.networks) &&
  fits(savedClients, value.clients) &&
  countOf(value) === 4;

const isTask: Check = (value) =>
  isOpen(value) &&
  isText(value.id) &&
  isText(value.name) &&
  isTexts(value.names) &&
  isText(value.environment) &&
  isText(value.stack) &&
  isHealthWord(value.health) &&
  isEndpoints(value.endpoints) &&
  isTaskPorts(value.ports) &&
  isTextMap(value.labels) &&
  isTextMap(value.links) &&
  isNumber(value.weight) &&
  typeof value.expose === 'boolean' &&
  isAbsentOr(value.service, isServiceRef) &&
  isAbsentOr(value.node, isNode) &&
  isAbsentOr(value.origin, isText) &&
  isAbsentOr(value.sealed, isTrue) &&
  hasResolution(value) &&
  hasHistory(value) &&
  isAbsentOr(value.vip, isText) &&
  isAbsentOr(value.balancing, isBalancing) &&
  isAbsentOr(value.upstreams, isUpstreams);

/** What a container adds: how it resolves names. */
function hasResolution(task: Fields): boolean {
  return (
    isAbsentOr(task.resolver, isResolver) &&
    isAbsentOr(task.asksFairlead, isBoolean) &&
    isAbsentOr(task.clientAddresses, isTexts) &&
    isAbsentOr(task.aliases, isAliases)
  );
}

/** What a container adds: its image and how it fared. */
function hasHistory(task: Fields): boolean {
  return (
    isAbsentOr(task.image, isText) &&
    isAbsentOr(task.imageId, isText) &&
    isAbsentOr(task.createdAt, isNumber) &&
    isAbsentOr(task.startedAt, isNumber) &&
    isAbsentOr(task.restarts, isNumber) &&
    isAbsentOr(task.healthFrom, isByCheck) &&
    isAbsentOr(task.selfCheck, isSelfCheck)
  );
}

const isService: Check = (value) =>
  isServiceRef(value) &&
  isFields(value) &&
  (value.kind === 'tasks' || value.kind === 'external' || value.kind === 'alias') &&
  isAbsentOr(value.ports, isPorts) &&
  isAbsentOr(value.externalIps, isTexts) &&
  isAbsentOr(value.aliasOf, isServiceRefs) &&
  isAbsentOr(value.vip, isText) &&
  isAbsentOr(value.sealed, isTrue) &&
  isAbsentOr(value.balancing, isBalancing);

const isServiceRef: Check = (value) =>
  isOpen(value) &&
  isText(value.environment) &&
  isText(value.stack) &&
  isText(value.service) &&
  isAbsentOr(value.sidekick, isText);

const isNode: Check = (value) =>
  isFields(value) &&
  isText(value.id) &&
  isText(value.name) &&
  isAbsentOr(value.address, isText) &&
  isAbsentOr(value.version, isText) &&
  countOf(value) === 2 + present(value.address) + present(value.version);

const isPort: Check = (value) =>
  isOpen(value) &&
  isNumber(value.port) &&
  (value.protocol === 'tcp' || value.protocol === 'udp' || value.protocol === 'sctp');

const isTaskPort: Check = (value) =>
  isPort(value) && isFields(value) && isNumber(value.target) && isAbsentOr(value.published, isPublications);

const isPublication: Check = (value) =>
  isFields(value) && isText(value.ip) && isNumber(value.port) && countOf(value) === 2;

const isEndpoint: Check = (value) =>
  isFields(value) && isText(value.network) && isText(value.ip) && countOf(value) === 2;

const isAlias: Check = (value) =>
  isFields(value) && isText(value.network) && isTexts(value.names) && countOf(value) === 2;

const isResolver: Check = (value) =>
  isFields(value) &&
  isText(value.path) &&
  isTexts(value.servers) &&
  (value.namespace === 'own' ||
    value.namespace === 'host' ||
    value.namespace === 'container' ||
    value.namespace === 'none') &&
  isBoolean(value.isMounted) &&
  isTexts(value.namespaces) &&
  isBoolean(value.isRunning) &&
  countOf(value) === 6;

const isSelfCheck: Check = (value) =>
  isFields(value) &&
  isBoolean(value.ok) &&
  isText(value.detail) &&
  isNumber(value.at) &&
  isNumber(value.took) &&
  countOf(value) === 4;

const isHealth: Check = (value) =>
  isFields(value) &&
  isFields(value.reports) &&
  isRecord(value.reports, isReport) &&
  fits(savedDrainMarks, value.drains) &&
  countOf(value) === 2;

const isReport: Check = (value) =>
  isFields(value) &&
  probedWords.has(value.health) &&
  isText(value.cause) &&
  isAbsentOr(value.run, isNumber) &&
  countOf(value) === 2 + present(value.run);

const isLease: Check = (value) =>
  isFields(value) &&
  isText(value.service) &&
  isText(value.vip) &&
  isAbsentOr(value.goneAt, isTime) &&
  countOf(value) === 2 + present(value.goneAt);

const probedWords: ReadonlySet<unknown> = new Set(probed);
const healthWords: ReadonlySet<unknown> = new Set(HEALTHS);

function isHealthWord(value: unknown): boolean {
  return value === 'healthy' || healthWords.has(value);
}

function isText(value: unknown): value is string {
  return typeof value === 'string';
}

/** A number may be too large for the notation of JSON. */
function isNumber(value: unknown): value is number {
  return Number.isFinite(value);
}

function isTime(value: unknown): boolean {
  return isNumber(value) && Math.abs(value) <= LAST_DATE;
}

function isBoolean(value: unknown): boolean {
  return typeof value === 'boolean';
}

function isTrue(value: unknown): boolean {
  return value === true;
}

function isByCheck(value: unknown): boolean {
  return value === 'check';
}

function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** May have more properties than the code knows. The schema leaves out `__proto__`. */
function isOpen(value: unknown): value is Fields {
  return isFields(value) && !Object.hasOwn(value, '__proto__');
}

function isTextMap(value: unknown): boolean {
  return isFields(value) && isRecord(value, isText);
}

function isRecord(value: Fields, isValue: Check): boolean {
  for (const key in value) if (key === '__proto__' || !isValue(value[key])) return false;
  return true;
}

function isListOf(isItem: Check): Check {
  return (value) => Array.isArray(value) && value.every(isItem);
}

const isTexts = isListOf(isText);
const isEndpoints = isListOf(isEndpoint);
const isAliases = isListOf(isAlias);
const isPorts = isListOf(isPort);
const isTaskPorts = isListOf(isTaskPort);
const isPublications = isListOf(isPublication);
const isServiceRefs = isListOf(isServiceRef);
const isTasks = isListOf(isTask);
const isServices = isListOf(isService);
const isBalancing: Check = (value) => fits(savedBalancing, value);
const isUpstreams: Check = (value) => fits(savedUpstreams, value);

/** What was parsed from JSON has no property that is undefined. */
function isAbsentOr(value: unknown, check: Check): boolean {
  return value === undefined || check(value);
}

function present(value: unknown): 0 | 1 {
  return value === undefined ? 0 : 1;
}

function countOf(value: Fields): number {
  return Object.keys(value).length;
}

function fits(part: Part, value: unknown): boolean {
  const { success, data } = part.safeParse(value);
  return success && isDeepStrictEqual(data, value);
}
