import type { ComponentChildren } from 'preact';
import type { Health } from '../catalog/model.js';
import { ageBetween } from '../net/age.js';
import { visibleText } from '../net/visible-text.js';
import { now } from './clock.js';
import { addressOf } from './page-address.js';

export type Tone = 'good' | 'warn' | 'bad' | 'dim';

/** Text of others. It does not turn the direction of what stands around it, and shows what is hidden in it. */
export function Foreign({ text }: { readonly text: string | undefined }) {
  return text === undefined ? null : <bdi>{visibleText(text)}</bdi>;
}

/** A colour with a sign in front, because colour alone does not tell everyone (WCAG 2.2, 1.4.1). */
export function Toned({ tone, children }: { readonly tone: Tone; readonly children: ComponentChildren }) {
  return (
    <span class={tone}>
      <span aria-hidden="true">{SIGNS[tone]}</span> {children}
    </span>
  );
}

const SIGNS: Readonly<Record<Tone, string>> = { good: '●', warn: '▲', bad: '■', dim: '○' };

export const HEALTH_TONES: Readonly<Record<Health, Tone>> = {
  healthy: 'good',
  unhealthy: 'bad',
  initializing: 'warn',
  reinitializing: 'warn',
  draining: 'warn',
  stopped: 'dim',
};

export function HealthText({ health }: { readonly health: Health }) {
  return <Toned tone={HEALTH_TONES[health]}>{health}</Toned>;
}

/** How long ago something was; it counts on. */
export function Age({ since }: { readonly since: string | undefined }) {
  if (since === undefined) return null;
  return (
    <time dateTime={since} title={since}>
      {ageBetween(since, now.value)}
    </time>
  );
}

export function ServiceLink({ serviceKey, name }: { readonly serviceKey: string; readonly name: string }) {
  return (
    <a href={addressOf('services', serviceKey.split('/'))}>
      <Foreign text={name} />
    </a>
  );
}

export function TaskLink({ id, name }: { readonly id: string; readonly name: string }) {
  return (
    <a href={addressOf('tasks', [id])}>
      <Foreign text={name} />
    </a>
  );
}

/** Names and values; those without a value are left out. */
export function Fields({ rows }: { readonly rows: readonly (readonly [string, ComponentChildren])[] }) {
  const present = rows.filter(
    ([, value]) => value !== undefined && value !== null && value !== false && value !== '',
  );
  return (
    <dl>
      {present.map(([name, value]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  );
}

/** Texts of others with commas between. */
export function ForeignList({ texts }: { readonly texts: readonly string[] }) {
  return (
    <>
      {texts.map((text, index) => (
        <>
          {index > 0 && ', '}
          <Foreign text={text} />
        </>
      ))}
    </>
  );
}
