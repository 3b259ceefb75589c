/** The rows with their text. Text is hostile: it is isolated in its direction, broken anywhere, and cannot paint outside. */
export const ROWS: string = `
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
