import { useEffect, useRef } from 'preact/hooks';
import { PAGES } from './pages.js';
import { areKeysOn, isHelpOpen, KEYS, PAGE_KEYS } from './shortcuts.js';

/** What the keys do, and a switch for all of them. */
export function HelpDialog() {
  const dialog = useRef<HTMLDialogElement>(null);
  const isOpen = isHelpOpen.value;
  useEffect(() => {
    if (isOpen) dialog.current?.showModal();
    else dialog.current?.close();
  }, [isOpen]);
  return (
    <dialog ref={dialog} aria-labelledby="help-title" onClose={() => (isHelpOpen.value = false)}>
      <h2 id="help-title">Keys</h2>
      <dl class="keys">
        {KEYS.map(([key, meaning]) => (
          <Key key={key} keys={key} meaning={meaning} />
        ))}
        {Object.entries(PAGE_KEYS).map(([letter, name]) => (
          <Key
            key={letter}
            keys={`g ${letter}`}
            meaning={PAGES.find((page) => page.name === name)?.title ?? name}
          />
        ))}
      </dl>
      <label>
        <input
          type="checkbox"
          checked={areKeysOn.value}
          onChange={(event) => (areKeysOn.value = event.currentTarget.checked)}
        />{' '}
        Use single keys
      </label>
      <p>
        <button type="button" onClick={() => dialog.current?.close()}>
          Close
        </button>
      </p>
    </dialog>
  );
}

function Key({ keys, meaning }: { readonly keys: string; readonly meaning: string }) {
  return (
    <div>
      <dt>
        <kbd>{keys}</kbd>
      </dt>
      <dd>{meaning}</dd>
    </div>
  );
}
