/** How charts look; sizes are in units of their view box, 360 wide. */
export const CHARTS: string = `
.figures { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(20.5rem, 100%), 1fr)); gap: 2rem 2.6rem; margin-top: 1.4rem; align-items: start; }
.stack { display: grid; gap: 2rem; }
figure svg { display: block; width: 100%; height: auto; overflow: visible; }
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
.line { stroke: var(--data); stroke-width: 1.4; stroke-linejoin: round; }
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
.level.guard { stroke: var(--bad); stroke-width: 1; stroke-dasharray: 1.5 3; }
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
svg path.s-a, rect.s-a { fill: var(--a); } svg path.s-b, rect.s-b { fill: var(--b); } svg path.s-tie, rect.s-tie { fill: var(--tie); }
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
