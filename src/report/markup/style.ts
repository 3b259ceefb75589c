/** The complete style sheet of a page. It contains no address, so a page never loads another file. */
export function pageStyle(): string {
  return [BASE, CHARTS, TABLES, ROWS, PRINT].join("");
}

/**
 * The style of a picture that is a file of its own: the page's colours on a light background, without CSS variables,
 * because few viewers support them.
 */
export function pictureStyle(): string {
  const colours = CHARTS.replace(/var\(--(\w+)\)/g, (whole, name: string) => LIGHT[name] ?? whole);
  return `${colours}svg{background:${LIGHT["paper"]}}svg text,svg text.label,svg text.note{font-size:12px}svg text.title{font-size:16px;font-weight:600;fill:${LIGHT["ink"]}}`;
}

/** Colours on a light background, and the fonts of charts. */
const LIGHT: Readonly<Record<string, string>> = {
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

/**
 * Colours on light and dark backgrounds, fonts, and the layout of the page. The class colours are Paul Tol's high and
 * medium contrast schemes.
 */
const BASE: string = `
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
.metrics { display: grid; grid-template-columns: repeat(auto-fit, minmax(8.2rem, 1fr)); gap: 1.3rem 1.3rem; margin: 2rem 0 0; font-family: var(--sans); }
.metrics div { border-top: 2px solid var(--ink); padding-top: .5rem; }
.metrics dt { font-size: .8rem; color: var(--soft); }
.metrics dd { font-size: 1.5rem; line-height: 1.25; font-weight: 600; font-variant-numeric: tabular-nums; letter-spacing: -.01em; }
.metrics dd small { display: block; font-size: .8rem; line-height: 1.4; font-weight: 400; color: var(--soft); letter-spacing: 0; }
.warnings { list-style: none; margin: 1.8rem 0 0; font: .92rem/1.45 var(--sans); }
.warnings li { background: var(--raised); border-left: .28rem solid var(--mixed); padding: .55rem .9rem; margin-top: .4rem; overflow-wrap: anywhere; }
.contents { margin: 1.8rem 0 0; font: .88rem/1.9 var(--sans); display: flex; flex-wrap: wrap; gap: 0 1.2rem; }
.pair-list { list-style: none; margin-top: .4rem; }
.pair-list li { padding: .5rem 0; border-bottom: 1px solid var(--grid); max-width: 46em; overflow-wrap: anywhere; }
.fields { display: grid; grid-template-columns: max-content minmax(0, 1fr); gap: .3rem 1.4rem; font: .88rem/1.45 var(--sans); margin-bottom: 1.4rem; }
.fields dt { color: var(--soft); }
.fields dd { overflow-wrap: anywhere; }
.notes { padding-left: 1.1rem; font-size: .95rem; max-width: 46em; }
.notes li { margin-top: .3rem; overflow-wrap: anywhere; }
.notes + h3, .fields + h3 { margin-top: 1.4rem; }
@media (max-width: 40rem) {
  body { font-size: 16px; }
  main { padding: 1.4rem 1rem 3rem; }
  h1 { font-size: 1.5rem; }
  .metrics { grid-template-columns: 1fr 1fr; gap: 1rem 1.2rem; }
  .metrics dd { font-size: 1.3rem; }
  section { margin-top: 2.2rem; }
  .fields { grid-template-columns: minmax(0, 1fr); gap: 0; }
  .fields dd { margin-bottom: .5rem; }
}
`;

/** The style of charts. Sizes are in units of their view box, which is 360 wide. */
const CHARTS: string = `
.figures { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(20.5rem, 100%), 1fr)); gap: 2rem 2.6rem; margin-top: 1.4rem; align-items: start; }
.stack { display: grid; gap: 2rem; }
figure svg { display: block; width: 100%; max-width: 32rem; height: auto; overflow: visible; }
figcaption { font: .84rem/1.45 var(--sans); color: var(--soft); margin-top: .5rem; max-width: 38em; text-wrap: pretty; }
svg text { font: 11px var(--sans); fill: var(--soft); }
svg text.num { font-variant-numeric: tabular-nums; }
svg text.label { font-size: 11px; }
svg text.name, svg .corner text { fill: var(--ink); font-size: 11.5px; }
svg .corner text { font-weight: 600; font-size: 13px; }
svg text.note { fill: var(--ink); font-size: 11px; }
svg text.halo { paint-order: stroke; stroke: var(--paper); stroke-width: 3.5px; stroke-linejoin: round; }
svg path { fill: none; }
.grid { stroke: var(--grid); stroke-width: 1; }
.base { stroke: var(--soft); stroke-width: 1; }
.tri { stroke: var(--soft); stroke-width: 1; stroke-linejoin: round; }
.border, .ideal { stroke: var(--soft); stroke-width: 1; stroke-dasharray: 3 3; }
.line { stroke: var(--data); stroke-width: 1.4; stroke-linejoin: round; stroke-linecap: round; }
.line.strong { stroke: var(--ink); stroke-width: 1.6; }
.whisker { stroke: var(--data); stroke-width: 1.6; }
.whisker.thin { stroke-width: 1.1; opacity: .75; }
.mark { fill: var(--ink); stroke: var(--paper); stroke-width: 1; }
.bar { fill: var(--data); }
.bar.faint { opacity: .3; }
svg path.area { fill: var(--data); fill-opacity: .3; stroke: var(--data); stroke-width: 1; }
svg path.band { fill: var(--data); fill-opacity: .22; }
.rule { stroke: var(--ink); stroke-width: 1; stroke-dasharray: 2 3; }
.level { stroke: var(--ink); stroke-width: 1.2; }
.level.deadline { stroke: var(--bad); stroke-dasharray: 6 3; }
.level.watchdog { stroke: var(--bad); stroke-width: 1; stroke-dasharray: 1.5 3; }
.level.first { stroke: var(--soft); stroke-width: 1; }
svg path.past { fill: var(--paper); fill-opacity: .55; }
.steps rect.interval { fill: var(--data); fill-opacity: .32; }
svg path.band.interval { fill-opacity: .32; }
.steps rect.start { fill: var(--none); fill-opacity: .2; }
.steps rect.lost { fill: var(--bad); fill-opacity: .42; }
.steps rect.both-orders { fill: var(--good); fill-opacity: .15; }
.steps rect.swapped { fill: var(--good); fill-opacity: .34; }
.steps rect.one-order { fill: var(--a); fill-opacity: .13; }
.steps rect.one-order-short { fill: var(--tie); fill-opacity: .3; }
.steps rect.prior { fill: var(--bad); fill-opacity: .17; }
.bad { fill: var(--bad); }
.noise { fill: var(--grid); }
.open .whisker, .open .mark { opacity: .62; }
.dots path { stroke-linecap: round; stroke-width: 1.9; stroke-opacity: .5; }
.dots.medium path { stroke-width: 2.8; stroke-opacity: .6; }
.dots.large path { stroke-width: 4.6; stroke-opacity: .75; }
.p-a { stroke: var(--a); } .p-b { stroke: var(--b); } .p-tie { stroke: var(--tie); } .p-none { stroke: var(--none); } .p-data { stroke: var(--data); }
svg path.s-a, rect.s-a { fill: var(--a); } svg path.s-b, rect.s-b { fill: var(--b); } svg path.s-tie, rect.s-tie { fill: var(--tie); } rect.s-none { fill: var(--none); }
rect.o-1 { fill: var(--data); } rect.o-2 { fill: var(--data); opacity: .62; } rect.o-3 { fill: var(--data); opacity: .34; } rect.o-4 { fill: var(--bad); }
.rings circle { fill: transparent; stroke: var(--ink); stroke-width: 1.1; }
.rings a:hover circle, .rings a:focus circle { stroke-width: 2.4; }
.key { display: inline-flex; flex-wrap: wrap; align-items: center; gap: .15rem .35rem; }
.key i { width: .7rem; height: .7rem; border-radius: 50%; margin-left: .5rem; }
tbody .key { flex-wrap: nowrap; align-items: baseline; }
tbody .key i { flex: none; }
.key i:first-child { margin-left: 0; }
.k-a { background: var(--a); } .k-b { background: var(--b); } .k-tie { background: var(--tie); } .k-none { background: var(--none); }
.k-1 { background: var(--data); } .k-2 { background: var(--data); opacity: .62; } .k-3 { background: var(--data); opacity: .34; } .k-4 { background: var(--bad); }
svg.strip { display: block; width: 100%; height: 1.4rem; margin: 1.2rem 0 .6rem; }
svg.bar3 { display: block; width: 100%; height: .55rem; }
svg.mini { display: block; min-width: 132px; }
`;

/**
 * The style of tables: lines only between rows, numbers aligned at the right with digits of one width, and a first
 * column that stays visible on narrow screens.
 */
const TABLES: string = `
.scroll { overflow-x: auto; margin-top: 1.4rem; }
.figures .scroll { margin-top: 0; }
.after-table { font: .84rem/1.45 var(--sans); color: var(--soft); margin-top: .6rem; }
table { border-collapse: separate; border-spacing: 0; font: .86rem/1.35 var(--sans); font-variant-numeric: tabular-nums lining-nums; width: 100%; }
caption { text-align: left; font-weight: 600; font-size: .92rem; padding-bottom: .45rem; }
th, td { padding: .42rem .55rem; vertical-align: top; border-bottom: 1px solid var(--grid); }
th:last-child, td:last-child { padding-right: 0; }
th:first-child { padding-left: 0; position: sticky; left: 0; background: var(--paper); }
tbody th { font-weight: 400; text-align: left; overflow-wrap: anywhere; min-width: 7.5rem; max-width: 17rem; }
thead th { font-weight: 600; color: var(--soft); border-bottom: 1px solid var(--ink); vertical-align: bottom; line-height: 1.25; }
thead th.n { white-space: normal; }
.n { text-align: right; white-space: nowrap; }
.t { text-align: left; }
td.t { min-width: 5.5rem; }
td small, th small { display: block; color: var(--soft); font-size: .92em; white-space: nowrap; }
tbody th small { white-space: normal; }
td.good { color: var(--good); } td.bad { color: var(--bad); font-weight: 600; }
thead button { all: unset; cursor: pointer; }
thead button::after { content: "\\2195"; opacity: .35; padding-left: .2rem; font-weight: 400; }
thead [aria-sort=ascending] button::after { content: "\\2191"; opacity: 1; }
thead [aria-sort=descending] button::after { content: "\\2193"; opacity: 1; }
thead button:hover { color: var(--ink); }
thead button:focus-visible { outline: 2px solid var(--a); outline-offset: 2px; }
.even table { table-layout: fixed; min-width: 46rem; }
.even th:nth-child(1) { width: 20%; } .even th:nth-child(2), .even th:nth-child(4) { width: 15.5%; } .even th:nth-child(3) { width: 23%; }
.even th:nth-child(3), .even td:nth-child(3) { padding-left: 1.6rem; }
.confusion { width: auto; min-width: min(100%, 25rem); }
.confusion th, .confusion td { border-bottom: 0; vertical-align: middle; }
.confusion td { text-align: right; border: 1px solid var(--paper); padding: .7rem .8rem; }
.confusion td:last-child { padding-right: .8rem; }
.confusion thead th { border-bottom: 0; padding: .2rem .8rem; }
.confusion th:first-child { padding-left: 0; min-width: 4rem; }
.confusion td small { color: inherit; opacity: .8; }
${Array.from({ length: 11 }, (_, level) => `.h${level} { background: color-mix(in srgb, var(--data) ${level * 7}%, var(--paper)); }`).join("\n")}
.h8, .h9, .h10 { font-weight: 600; }
`;

/**
 * The style of the rows with their text. The text may be hostile: its writing direction cannot affect other text, its
 * lines break anywhere, and it cannot be drawn outside its box.
 */
const ROWS: string = `
.worst { list-style: none; margin-top: 1rem; }
.worst > li { border-top: 1px solid var(--rule); padding: 1.1rem 0 1.4rem; scroll-margin-top: 1rem; }
.worst > li:target { background: var(--raised); box-shadow: 0 0 0 .7rem var(--raised); }
.row-head { display: grid; grid-template-columns: minmax(0, 1fr) minmax(14rem, 20rem); gap: .4rem 2rem; align-items: end; font: .88rem/1.45 var(--sans); margin-bottom: .8rem; }
.row-head h3 { margin: 0; overflow-wrap: anywhere; font-variant-numeric: tabular-nums; }
.row-head p { color: var(--soft); font-variant-numeric: tabular-nums; max-width: none; }
.row-head .odds { display: flex; justify-content: space-between; color: var(--ink); font-size: .84rem; }
.texts { display: grid; grid-template-columns: 1fr 1fr; gap: .9rem 1.6rem; }
.texts > div { min-width: 0; }
.texts > .asked { grid-column: 1 / -1; }
.texts h4 { margin: 0 0 .2rem; font: 600 .8rem/1.4 var(--sans); color: var(--soft); }
.text { font: .88rem/1.5 var(--sans); white-space: pre-wrap; overflow-wrap: anywhere; tab-size: 2; unicode-bidi: isolate; overflow: hidden; contain: content; border-left: 2px solid var(--grid); padding: .05rem 0 .05rem .75rem; }
.texts .turn { font: .78rem/1.4 var(--sans); color: var(--soft); margin: .5rem 0 .1rem; }
.texts .none { font: italic .9rem/1.45 var(--serif); color: var(--soft); }
details { margin-top: .25rem; }
summary { font: .84rem/1.6 var(--sans); color: var(--soft); cursor: pointer; width: fit-content; }
.cut { font: .84rem/1.5 var(--sans); color: var(--soft); margin-top: .3rem; }
.sort-by { font: .86rem/1.6 var(--sans); color: var(--soft); margin-top: 1rem; display: flex; flex-wrap: wrap; gap: .2rem .9rem; max-width: none; }
.sort-by button { all: unset; cursor: pointer; text-decoration: underline; text-decoration-color: var(--rule); text-underline-offset: .2em; }
.sort-by button[aria-pressed=true] { color: var(--ink); font-weight: 600; text-decoration-color: var(--ink); }
@media (max-width: 40rem) {
  .row-head, .texts { grid-template-columns: minmax(0, 1fr); }
}
`;

/**
 * The style for printing: light colours (dark colours are only for screens), smaller fonts, no page break inside a
 * block, no buttons.
 */
const PRINT: string = `
@page { margin: 16mm 14mm; }
@media print {
  :root { --paper: #fff; }
  body { font-size: 10.5pt; print-color-adjust: exact; -webkit-print-color-adjust: exact; }
  main { max-width: none; padding: 0; }
  h1 { font-size: 17pt; }
  section { margin-top: 1.6rem; padding-top: .9rem; }
  .contents, .sort-by, thead button::after { display: none; }
  .figures { grid-template-columns: 1fr 1fr; gap: 1.2rem 1.6rem; }
  .metrics { grid-template-columns: repeat(auto-fit, minmax(26mm, 1fr)); gap: .8rem 1rem; margin-top: 1.2rem; }
  .metrics dd { font-size: 12.5pt; }
  h2, h3, caption, .row-head { break-after: avoid; }
  figure, tr, .warnings li, .pair-list li { break-inside: avoid; }
  .scroll { overflow: visible; }
  table { font-size: 8pt; }
  th, td { padding: .25rem .35rem; }
  tbody th { min-width: 0; }
  td.t { min-width: 0; }
  .metrics + .contents, section > p { break-after: avoid; }
  figcaption, .fields, .after-table, .row-head, .text { font-size: 8.5pt; }
  table, .worst > li { break-inside: avoid; }
  .even table { min-width: 0; }
  .even th, .even td { padding-left: .2rem; }
}
`;
