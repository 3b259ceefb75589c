/** On paper: always light (dark applies to screens alone), smaller type, nothing torn apart, no controls. */
export const PRINT: string = `
@page { margin: 16mm 14mm; }
@media print {
  :root { --paper: #fff; }
  body { font-size: 10.5pt; print-color-adjust: exact; -webkit-print-color-adjust: exact; }
  main { max-width: none; padding: 0; }
  h1 { font-size: 17pt; }
  section { margin-top: 1.6rem; padding-top: .9rem; }
  .contents, .sort-by, thead button::after { display: none; }
  .figures { grid-template-columns: 1fr 1fr; gap: 1.2rem 1.6rem; }
  .figures-row { grid-template-columns: repeat(auto-fit, minmax(26mm, 1fr)); gap: .8rem 1rem; margin-top: 1.2rem; }
  .figures-row dd { font-size: 12.5pt; }
  h2, h3, caption, .row-head { break-after: avoid; }
  figure, tr, .warnings li, .pair-list li { break-inside: avoid; }
  .scroll { overflow: visible; }
  table { font-size: 8pt; }
  th, td { padding: .25rem .35rem; }
  tbody th { min-width: 0; }
  td.t { min-width: 0; }
  .figures-row + .contents, section > p { break-after: avoid; }
  figcaption, .facts, .after-table, .row-head, .text { font-size: 8.5pt; }
  table, .worst > li { break-inside: avoid; }
  .even table { min-width: 0; }
  .even th, .even td { padding-left: .2rem; }
}
`;
