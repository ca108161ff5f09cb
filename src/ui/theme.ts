import { effect, signal } from '@preact/signals';
import { remember, recall } from './memory-of-choices.js';

export const THEMES = ['system', 'light', 'dark'] as const;
export type Theme = (typeof THEMES)[number];

const kept = recall('theme');

/** What the user wants; `system` is as the system says. */
export const theme = signal<Theme>(THEMES.find((each) => each === kept) ?? 'system');

export function followTheme(): void {
  effect(() => {
    document.documentElement.dataset['theme'] = theme.value;
    remember('theme', theme.value);
  });
}

export function nextTheme(): void {
  theme.value = THEMES[(THEMES.indexOf(theme.value) + 1) % THEMES.length] ?? 'system';
}
