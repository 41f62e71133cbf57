/** The style sheet of the panel, with a light and a dark color scheme. */
export const STYLE = `
:root {
  color-scheme: light dark;
  --ground: #fff; --raised: #f4f6f8; --line: #d5dbe1; --ink: #1a2129; --faint: #5b6670;
  --mark: #fff0b8; --focus: #0b62d6;
  --captured: #5b6670; --sent: #0b62d6; --acknowledged: #17703a; --rejected: #b3261e; --dropped: #8a5200;
}
@media (prefers-color-scheme: dark) {
  :root {
    --ground: #14191f; --raised: #1d242c; --line: #333d47; --ink: #e4e9ee; --faint: #9aa6b2;
    --mark: #574708; --focus: #7cb3ff;
    --captured: #9aa6b2; --sent: #7cb3ff; --acknowledged: #6fd08f; --rejected: #ff8a80; --dropped: #f0b45a;
  }
}
* { box-sizing: border-box; margin: 0; padding: 0; }
[hidden] { display: none !important; }
:focus-visible { outline: 2px solid var(--focus); outline-offset: -2px; }
html, body { height: 100%; overflow: hidden; overscroll-behavior: contain; }
body {
  display: flex; flex-direction: column;
  font: 12px/1.5 system-ui, sans-serif; color: var(--ink); background: var(--ground);
  border-top: 1px solid var(--line);
}
code, pre, time, dt, dd, .seq { font: 11px/1.5 ui-monospace, SFMono-Regular, Menlo, Consolas, monospace; }
header {
  display: flex; align-items: center; gap: 4px 16px; flex: none; min-height: 36px; padding: 0 12px;
  background: var(--raised); white-space: nowrap; overflow: hidden;
}
h1, h2 { font-size: 12px; font-weight: 600; }
.session { color: var(--faint); overflow: hidden; text-overflow: ellipsis; }
.totals { display: flex; gap: 12px; color: var(--faint); }
.totals b { font-variant-numeric: tabular-nums; font-weight: 600; color: var(--ink); }
.totals .rejected .some { color: var(--rejected); }
.totals .dropped .some { color: var(--dropped); }
.problem { flex: 1; min-width: 0; overflow: hidden; text-overflow: ellipsis; color: var(--dropped); }
button {
  font: inherit; color: inherit; padding: 1px 10px; cursor: pointer;
  background: var(--ground); border: 1px solid var(--line); border-radius: 4px;
}
button:hover { border-color: var(--faint); }
main { display: flex; flex: 1; min-height: 0; }
section { flex: 1; min-width: 0; overflow: auto; overscroll-behavior: contain; border-top: 1px solid var(--line); }
section + section { border-left: 1px solid var(--line); }
h2 {
  position: sticky; top: 0; z-index: 1; padding: 3px 12px;
  color: var(--faint); background: var(--ground); border-bottom: 1px solid var(--line);
}
.hint { padding: 8px 12px; color: var(--faint); }
ol { list-style: none; }
li { border-bottom: 1px solid var(--line); }
summary { display: flex; flex-wrap: wrap; align-items: baseline; column-gap: 10px; padding: 2px 12px; cursor: pointer; white-space: nowrap; }
summary:hover { background: var(--raised); }
.state { flex: none; width: 124px; }
.state::before { display: inline-block; width: 16px; }
.captured .state::before { content: "\\25cb"; }
.sent .state::before { content: "\\2191"; }
.acknowledged .state::before { content: "\\2713"; }
.rejected .state::before { content: "\\2715"; }
.dropped .state::before { content: "\\2013"; }
.captured .state { color: var(--captured); }
.sent .state { color: var(--sent); }
.acknowledged .state { color: var(--acknowledged); }
.rejected .state, .reason { color: var(--rejected); }
.dropped .state, .dropped .reason { color: var(--dropped); }
.type { flex: none; width: 96px; font-weight: 600; }
.seq { flex: none; width: 40px; color: var(--faint); text-align: right; }
time { flex: none; color: var(--faint); }
.gist { flex: 1; min-width: 0; overflow: hidden; text-overflow: ellipsis; color: var(--faint); }
.reason { flex-basis: 100%; padding-left: 134px; white-space: normal; overflow-wrap: anywhere; }
section > div > .reason { padding: 8px 12px; }
pre { padding: 6px 12px 8px 146px; overflow-x: auto; background: var(--raised); }
dl { columns: 260px; column-gap: 0; padding: 4px 0; }
dl > div { display: flex; justify-content: space-between; gap: 12px; padding: 0 12px; break-inside: avoid; }
dt { color: var(--faint); }
dd { overflow: hidden; text-overflow: ellipsis; white-space: nowrap; }
.undefined dd { color: var(--faint); }
mark { color: inherit; background: var(--mark); border-radius: 3px; padding: 0 3px; margin-right: -3px; }
.changed dt { color: var(--ink); }
@media (max-width: 720px) {
  header { flex-wrap: wrap; padding: 4px 12px; }
  .session, .totals { order: 1; flex-basis: 100%; flex-wrap: wrap; }
  main { flex-direction: column; }
  section + section { border-left: 0; }
}
`;
