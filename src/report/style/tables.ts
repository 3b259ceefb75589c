/** Tables: rules between rows only, numbers at the right in figures of one width, the first column stays on narrow screens. */
export const TABLES: string = `
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
.n { text-align: right; white-space: nowrap; }
.t { text-align: left; }
td.t { min-width: 5.5rem; }
td small, th small { display: block; color: var(--soft); font-size: .92em; white-space: nowrap; }
tbody th small { white-space: normal; }
td.yes { color: var(--good); } td.no { color: var(--bad); font-weight: 600; }
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
