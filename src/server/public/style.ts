/** The look of the status page: the dashboard's colours, dark or light as the reader's system is, without a script. */
export const statusStyle = `
:root {
  --bg: #f3f5f8; --panel: #ffffff; --line: #e0e5ec; --ink: #131a25; --ink-2: #414c5c; --ink-3: #5f6b7c; --accent: #0c857a;
  --green: #116b34; --yellow: #856404; --orange: #b4470c; --red: #b3261e; --grey: #515d6e; --none: #c3ccd8;
}
@media (prefers-color-scheme: dark) {
  :root {
    --bg: #0a0d13; --panel: #10151d; --line: #1f2733; --ink: #e8ecf4; --ink-2: #b0b9c8; --ink-3: #8791a3; --accent: #2dd4bf;
    --green: #4ade80; --yellow: #facc15; --orange: #fb923c; --red: #f8817a; --grey: #9aa5b6; --none: #313c4d;
  }
}
body {
  background: var(--bg); color: var(--ink); max-width: 56rem;
  font: 15px/1.5 Inter, "SF Pro Text", "Segoe UI", Roboto, "Helvetica Neue", Arial, system-ui, sans-serif;
}
h1 { font-size: 1.25rem; margin: 0.5rem 0 1.25rem; letter-spacing: -0.01em; }
h2 { font-size: 1rem; margin: 2rem 0 0.75rem; color: var(--ink-2); }
small, .note { color: var(--ink-3); font-size: 0.8125rem; }
a { color: var(--accent); }
section, .banner, .incidents, .empty {
  background: var(--panel); border: 1px solid var(--line); border-radius: 10px; padding: 1rem 1.25rem; margin: 0 0 0.75rem;
}
.banner { border-left: 5px solid currentColor; padding: 1.25rem; }
.banner strong { display: block; font-size: 1.375rem; line-height: 1.3; }
section header { display: flex; gap: 1rem; align-items: baseline; justify-content: space-between; }
section h2 { margin: 0; color: var(--ink); font-size: 1.0625rem; overflow-wrap: anywhere; }
.pill {
  flex: none; border: 1px solid currentColor; border-radius: 999px; padding: 0 0.625rem; font-size: 0.8125rem; font-weight: 600;
}
.pill::before { content: ""; display: inline-block; width: 0.5em; height: 0.5em; border-radius: 50%; margin-right: 0.45em; background: currentColor; }
.good { color: var(--green); } .worse { color: var(--yellow); } .part { color: var(--orange); } .bad { color: var(--red); }
.none { color: var(--grey); }
svg { display: block; margin: 0.75rem 0 0.25rem; }
rect { fill: currentColor; } rect.none { color: var(--none); }
.scale { display: flex; justify-content: space-between; gap: 1rem; }
ul { list-style: none; margin: 0; padding: 0; }
li { display: flex; flex-wrap: wrap; gap: 0.25rem 1rem; padding: 0.5rem 0; border-top: 1px solid var(--line); overflow-wrap: anywhere; }
li:first-child { border-top: 0; }
li time { color: var(--ink-3); font-variant-numeric: tabular-nums; }
code { background: var(--bg); padding: 0.05em 0.35em; border-radius: 4px; }
`;
