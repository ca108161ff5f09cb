/** The style of the plain page. Contrast is at least 4.5 to 1 in both themes (WCAG 2.2, 1.4.3). */
export const STYLE = `:root {
  color-scheme: light dark;
  --back: #fff; --text: #1b1f24; --dim: #57606a; --line: #c9d1d9; --head: #f0f3f6;
  --good: #116329; --warn: #7d4e00; --bad: #a40e26; --link: #0550ae;
}
@media (prefers-color-scheme: dark) {
  :root {
    --back: #0d1117; --text: #e6edf3; --dim: #9da7b1; --line: #3d444d; --head: #161b22;
    --good: #56d364; --warn: #e3b341; --bad: #ff7b72; --link: #79c0ff;
  }
}
body { margin: 0 auto; max-width: 100rem; padding: 0 1rem 2rem; background: var(--back); color: var(--text);
  font: 0.875rem/1.4 system-ui, sans-serif; }
a { color: var(--link); }
a:focus-visible, summary:focus-visible, .scroll:focus-visible { outline: 2px solid var(--link); outline-offset: 2px; }
h1 { font-size: 1.25rem; margin: 1rem 0 0.25rem; }
h2 { font-size: 1.05rem; margin: 1.75rem 0 0.5rem; border-bottom: 1px solid var(--line); }
h3 { font-size: 0.95rem; margin: 1.25rem 0 0.25rem; }
nav ul { display: flex; flex-wrap: wrap; gap: 0.25rem 1rem; list-style: none; margin: 0.5rem 0; padding: 0; }
.skip { position: absolute; left: -100rem; }
.skip:focus { left: 1rem; }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; }
caption { text-align: left; color: var(--dim); padding: 0.25rem 0; }
th, td { border: 1px solid var(--line); padding: 0.15rem 0.5rem; text-align: left; vertical-align: top;
  overflow-wrap: break-word; max-width: 40rem; }
thead th { background: var(--head); white-space: nowrap; }
.n { text-align: right; white-space: nowrap; }
.dim { color: var(--dim); } .good { color: var(--good); } .warn { color: var(--warn); } .bad { color: var(--bad); }
dl { display: grid; grid-template-columns: max-content 1fr; gap: 0.1rem 1rem; margin: 0.5rem 0; }
dt { color: var(--dim); } dd { margin: 0; overflow-wrap: anywhere; }
@media (max-width: 30rem) { dl { grid-template-columns: 1fr; } dd { margin-bottom: 0.4rem; } }
`;
