import { address, setFilter } from './page-address.js';

/** The filter of a page, in its address; `/` leads here. */
export function FilterBox({
  label,
  fields,
  shown,
  all,
}: {
  readonly label: string;
  /** What may stand before a colon. */
  readonly fields: readonly string[];
  readonly shown: number;
  readonly all: number;
}) {
  const example = fields.map((field) => `${field}:`).join(' ');
  return (
    <form class="filter" role="search" onSubmit={(event) => event.preventDefault()}>
      <label for="filter">{label}</label>
      <input
        id="filter"
        type="search"
        autocomplete="off"
        spellcheck={false}
        aria-describedby="filter-help"
        value={address.value.filter}
        onInput={(event) => setFilter(event.currentTarget.value)}
      />
      <output class="dim">
        {shown === all
          ? all.toLocaleString('en-US')
          : `${shown.toLocaleString('en-US')} of ${all.toLocaleString('en-US')}`}
      </output>
      <span id="filter-help" class="dim hint">
        Words, and {example} with * for anything; - before one excludes.
      </span>
    </form>
  );
}
