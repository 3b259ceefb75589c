/** Colours on light ground, and the type of charts. */
export const LIGHT: Readonly<Record<string, string>> = {
  paper: "#fdfdfb",
  raised: "#f5f4ef",
  ink: "#1c1b19",
  soft: "#5c5a54",
  rule: "#d9d7cf",
  grid: "#e8e6df",
  a: "#004488",
  b: "#bb5566",
  tie: "#ddaa33",
  none: "#8a8880",
  data: "#44546a",
  good: "#2c6e49",
  bad: "#a4342a",
  mixed: "#8a5a00",
  sans: 'system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, "Liberation Sans", sans-serif',
};

/** Colours for light and dark, type, and the layout of the page. Class colours: Paul Tol's high and medium contrast schemes. */
export const BASE: string = `
:root {
  color-scheme: light dark;
  ${Object.entries(LIGHT)
    .map(([name, colour]) => `--${name}: ${colour};`)
    .join(" ")}
  --serif: Charter, "Bitstream Charter", "Iowan Old Style", "Sitka Text", Cambria, Georgia, serif;
  --mono: ui-monospace, "SF Mono", Menlo, Consolas, "Liberation Mono", monospace;
}
@media screen and (prefers-color-scheme: dark) {
  :root {
    --paper: #16171a; --raised: #1f2125; --ink: #e9e7e1; --soft: #a4a29a; --rule: #3a3c41; --grid: #2a2c31;
    --a: #77aadd; --b: #ee8899; --tie: #eecc66; --none: #8b8a85; --data: #9fb3c8; --good: #7cc49a; --bad: #f08a7e; --mixed: #e3b55a;
  }
}
* { box-sizing: border-box; }
html { -webkit-text-size-adjust: 100%; text-size-adjust: 100%; }
body { margin: 0; background: var(--paper); color: var(--ink); font: 17px/1.5 var(--serif); }
main { max-width: 62rem; margin: 0 auto; padding: 2.5rem 1.25rem 4rem; }
h1, h2, h3, p, dl, dd, ul, ol, figure { margin: 0; padding: 0; }
.eyebrow { font: 600 .8rem/1.4 var(--sans); color: var(--soft); overflow-wrap: anywhere; }
h1 { font-size: 1.95rem; line-height: 1.22; font-weight: 600; letter-spacing: -.01em; margin: 0; max-width: 26em; text-wrap: pretty; overflow-wrap: anywhere; }
h2 { font-size: 1.4rem; line-height: 1.25; font-weight: 600; margin: 0 0 .6rem; }
h3 { font: 600 .92rem/1.35 var(--sans); margin: 0 0 .5rem; }
p { max-width: 40em; text-wrap: pretty; }
p + p { margin-top: .6rem; }
a { color: inherit; text-decoration-color: var(--soft); text-underline-offset: .18em; }
a:focus-visible, button:focus-visible, summary:focus-visible, .scroll:focus-visible { outline: 2px solid var(--a); outline-offset: 2px; }
code { font: .86em/1.4 var(--mono); overflow-wrap: anywhere; }
section { margin-top: 3rem; padding-top: 1.4rem; border-top: 1px solid var(--rule); }
.lead { color: var(--soft); }
.verdict h1 { margin-bottom: 0; }
.verdict h1 + p { margin-top: .7rem; }
.verdict { border-left: .28rem solid var(--good); padding-left: 1.1rem; margin-top: .6rem; }
.verdict.mixed { border-color: var(--mixed); }
.verdict.bad { border-color: var(--bad); }
.verdict p { font-size: 1.04rem; }
.figures-row { display: grid; grid-template-columns: repeat(auto-fit, minmax(8.2rem, 1fr)); gap: 1.3rem 1.3rem; margin: 2rem 0 0; font-family: var(--sans); }
.figures-row div { border-top: 2px solid var(--ink); padding-top: .5rem; }
.figures-row dt { font-size: .8rem; color: var(--soft); }
.figures-row dd { font-size: 1.5rem; line-height: 1.25; font-weight: 600; font-variant-numeric: tabular-nums; letter-spacing: -.01em; }
.figures-row dd small { display: block; font-size: .8rem; line-height: 1.4; font-weight: 400; color: var(--soft); letter-spacing: 0; }
.warnings { list-style: none; margin: 1.8rem 0 0; font: .92rem/1.45 var(--sans); }
.warnings li { background: var(--raised); border-left: .28rem solid var(--mixed); padding: .55rem .9rem; margin-top: .4rem; overflow-wrap: anywhere; }
.contents { margin: 1.8rem 0 0; font: .88rem/1.9 var(--sans); display: flex; flex-wrap: wrap; gap: 0 1.2rem; }
.pair-list { list-style: none; margin-top: .4rem; }
.pair-list li { padding: .5rem 0; border-bottom: 1px solid var(--grid); max-width: 46em; overflow-wrap: anywhere; }
.facts { display: grid; grid-template-columns: max-content minmax(0, 1fr); gap: .3rem 1.4rem; font: .88rem/1.45 var(--sans); margin-bottom: 1.4rem; }
.facts dt { color: var(--soft); }
.facts dd { overflow-wrap: anywhere; }
.notes { padding-left: 1.1rem; font-size: .95rem; max-width: 46em; }
.notes li { margin-top: .3rem; overflow-wrap: anywhere; }
.notes + h3, .facts + h3 { margin-top: 1.4rem; }
@media (max-width: 40rem) {
  body { font-size: 16px; }
  main { padding: 1.4rem 1rem 3rem; }
  h1 { font-size: 1.5rem; }
  .figures-row { grid-template-columns: 1fr 1fr; gap: 1rem 1.2rem; }
  .figures-row dd { font-size: 1.3rem; }
  section { margin-top: 2.2rem; }
  .facts { grid-template-columns: minmax(0, 1fr); gap: 0; }
  .facts dd { margin-bottom: .5rem; }
}
`;
