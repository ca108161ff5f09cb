import { useEffect, useRef } from 'preact/hooks';
import { HelpDialog } from './help-dialog.js';
import { live } from './live.js';
import { LinkState, LostNote } from './link-state.js';
import { address, addressOf } from './page-address.js';
import { PAGES } from './pages.js';
import { Session } from './session-box.js';
import { isHelpOpen } from './shortcuts.js';
import { Age, Foreign, Toned } from './text-parts.js';
import { THEMES, theme, type Theme } from './theme.js';

/** What stands around every page: where, whether it is live, and the menu. */
export function Shell() {
  const { page: name, path } = address.value;
  const page = PAGES.find((each) => each.name === name);
  const main = useRef<HTMLElement>(null);
  const isFirst = useRef(true);
  const title = page?.title ?? 'No such page';
  const place = [name, ...path].join('/');
  useEffect(() => {
    document.title = `${[...path.slice(-1), title].join(' · ')} · Fairlead`;
    // Another page: a screen reader goes on with it, and so does Tab.
    if (!isFirst.current) main.current?.focus();
    isFirst.current = false;
    scrollTo(0, 0);
  }, [place]);
  const isOld = live.link.value.state === 'gone';
  return (
    <>
      <a class="skip" href="#content" onClick={(event) => skip(event, main.current)}>
        Skip to the content
      </a>
      <Header />
      <nav aria-label="Pages">
        <ul>
          {PAGES.map((each) => (
            <li key={each.name}>
              <a href={addressOf(each.name)} {...(each.name === name && { 'aria-current': 'page' })}>
                {each.title}
              </a>
            </li>
          ))}
        </ul>
      </nav>
      <LostNote />
      <main id="content" ref={main} tabIndex={-1} class={isOld ? 'old' : undefined}>
        {page ? <page.Body /> : <NoPage name={name} />}
      </main>
      <footer class="dim">
        <a href="/ui/plain">The same without scripts</a> · <a href="/v1/openapi.json">API</a> ·{' '}
        <a href="/metrics">Metrics</a>
      </footer>
      <HelpDialog />
    </>
  );
}

function NoPage({ name }: { readonly name: string }) {
  return (
    <>
      <h1>No such page</h1>
      <p>
        There is no page <Foreign text={name} />. <a href={addressOf('overview')}>Overview</a>
      </p>
    </>
  );
}

/** The address says which page is shown, so the link must not become part of it. */
function skip(event: Event, main: HTMLElement | null): void {
  event.preventDefault();
  main?.focus();
}

function Header() {
  const { value: status } = live.status;
  return (
    <header>
      <p class="brand">
        <strong>Fairlead</strong>{' '}
        {status && (
          <>
            <Foreign text={status.host.name} /> <span class="dim">{status.version}, up </span>
            <Age since={status.startedAt} />
          </>
        )}
      </p>
      <ul class="chips" aria-label="Sources">
        {status?.sources.map(({ name, state }) => (
          <li key={name}>
            <Toned tone={state === 'live' ? 'good' : state === 'loading' ? 'warn' : 'bad'}>
              <a href={addressOf('sources')}>
                <Foreign text={name} /> {state}
              </a>
            </Toned>
          </li>
        ))}
      </ul>
      <LinkState />
      <Session />
      <label class="theme">
        Colours{' '}
        <select
          value={theme.value}
          onChange={(event) => {
            theme.value = event.currentTarget.value as Theme;
          }}
        >
          {THEMES.map((each) => (
            <option key={each} value={each}>
              {each}
            </option>
          ))}
        </select>
      </label>
      <button type="button" onClick={() => (isHelpOpen.value = true)}>
        Keys
      </button>
    </header>
  );
}
