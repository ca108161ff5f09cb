import { effect, signal } from '@preact/signals';
import { recall, remember } from './memory-of-choices.js';
import { visit } from './page-address.js';
import { nextTheme } from './theme.js';

/** Pages by the letter after `g`. */
export const PAGE_KEYS: Readonly<Record<string, string>> = {
  o: 'overview',
  k: 'stacks',
  s: 'services',
  a: 'tasks',
  v: 'vips',
  d: 'dns',
  e: 'events',
  m: 'topology',
  t: 'templates',
  r: 'sources',
  x: 'doctor',
};

/** All other keys, for the help. */
export const KEYS = [
  ['?', 'this help'],
  ['/', 'go to the filter'],
  ['j, k', 'next and previous row'],
  ['Enter', 'open the row'],
  ['p', 'pause what is live on the page, or go on'],
  ['c', 'change colours: system, light, dark'],
  ['Esc', 'close, or leave the filter'],
] as const;

/** A table that `j` and `k` move in: the first of the page. */
export interface MovableList {
  move(by: number): void;
}

const lists: MovableList[] = [];
export const isHelpOpen = signal(false);
export const isPaused = signal(false);
/** Single letters can be in the way of speech input (WCAG 2.2, 2.1.4). */
export const areKeysOn = signal(recall('keys') !== 'off');

export function registerList(list: MovableList): () => void {
  lists.push(list);
  return () => {
    const at = lists.indexOf(list);
    if (at >= 0) lists.splice(at, 1);
  };
}

export function followKeys(): void {
  effect(() => remember('keys', areKeysOn.value ? 'on' : 'off'));
  let isGoing = false;
  addEventListener('keydown', (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || isHelpOpen.value || !areKeysOn.value) return;
    if (isTyping(event.target)) {
      if (event.key === 'Escape' && event.target instanceof HTMLElement) event.target.blur();
      return;
    }
    const page = isGoing ? PAGE_KEYS[event.key] : undefined;
    isGoing = event.key === 'g' && page === undefined;
    if (page !== undefined) visit(page);
    else if (!press(event.key)) return;
    event.preventDefault();
  });
}

/** @returns whether the key means something */
function press(key: string): boolean {
  switch (key) {
    case '?':
      isHelpOpen.value = true;
      return true;
    case '/':
      document.getElementById('filter')?.focus();
      return true;
    case 'j':
    case 'k':
      lists[0]?.move(key === 'j' ? 1 : -1);
      return true;
    case 'p':
      isPaused.value = !isPaused.value;
      return true;
    case 'c':
      nextTheme();
      return true;
    default:
      return false;
  }
}

function isTyping(target: EventTarget | null): boolean {
  return target instanceof HTMLElement && /^(INPUT|SELECT|TEXTAREA)$/.test(target.tagName);
}
