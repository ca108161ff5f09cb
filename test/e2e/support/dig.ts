import type { Netns } from './netns.js';

/** Where to ask from: the namespace, or a container's (`docker.inside`). */
export type Vantage = Pick<Netns, 'run'>;

/** A DNS response, as far as the suite looks at it. */
export interface DigAnswer {
  /** `NOERROR`, `NXDOMAIN`; `TIMEOUT` when nothing came back. */
  readonly status: string;
  readonly flags: readonly string[];
  /** Record data of the answer section in presentation form, sorted. */
  readonly answers: readonly string[];
  /** Types of the records in the authority section. */
  readonly authority: readonly string[];
  /** Data of the additional section's records. */
  readonly additional: readonly string[];
}

export interface DigOptions {
  readonly tcp?: boolean;
  /** Default 169.254.169.250. */
  readonly server?: string;
}

/**
 * Asks with BIND's dig. From the namespace itself, the client is not a container, so one that is given fully qualified
 * names only; from inside a container it is that container.
 */
export async function dig(
  from: Vantage,
  name: string,
  type = 'A',
  options: DigOptions = {},
): Promise<DigAnswer> {
  const server = `@${options.server ?? '169.254.169.250'}`;
  const show = ['+noall', '+comments', '+answer', '+authority', '+additional', '+time=5', '+tries=1'];
  const transport = options.tcp === true ? ['+tcp'] : [];
  const { stdout } = await from.run('dig', [server, '-q', name, '-t', type, ...show, ...transport]);
  const header = /status: (\w+)/.exec(stdout)?.[1];
  const section = (title: string): string[][] => {
    const text = new RegExp(`;; ${title} SECTION:\\n((?:.+\\n)*)`).exec(stdout)?.[1] ?? '';
    return text
      .split('\n')
      .filter(Boolean)
      .map((line) => line.split(/\s+/));
  };
  const data = (title: string): string[] =>
    section(title)
      .map((fields) => fields.slice(4).join(' '))
      .sort();
  return {
    status: header ?? 'TIMEOUT',
    flags: (/flags: ([\w ]*);/.exec(stdout)?.[1] ?? '').split(' '),
    answers: data('ANSWER'),
    authority: section('AUTHORITY').map((fields) => fields[3] ?? ''),
    additional: data('ADDITIONAL'),
  };
}
