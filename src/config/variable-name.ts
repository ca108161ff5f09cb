/** The prefix of every environment variable of Fairlead. */
export const variablePrefix = 'FAIRLEAD_';

/** `FAIRLEAD_DNS__NEGATIVE_TTL` for `dns.negativeTtl`. */
export function variableName(path: string): string {
  const levels = path.split('.').map((key) => key.replace(/(?<=[a-z0-9])(?=[A-Z])/g, '_').toUpperCase());
  return `${variablePrefix}${levels.join('__')}`;
}
