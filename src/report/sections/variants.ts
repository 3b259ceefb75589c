import type { ComparisonData, Variant } from "../data/comparison-data.ts";
import { html } from "../markup/html.ts";
import { counted, duration, fixed, massText, NONE, signed } from "../text/number.ts";
import { leftOut, type Section, shown } from "./section.ts";
import { type Cell, type Column, countCell, eceCell, estimateCell, loss, numberCell, share, table } from "./table.ts";

/** Shows every variant with its scores, and below how it judges and what it costs. */
export function variantTable({ variants, rows, job, priorLogLoss }: ComparisonData): Section {
  if (variants.length === 0) return leftOut("Variants", "there are none");
  const calibrated = variants.some((variant) => variant.calibrated !== null);
  const whose = calibrated ? " Accuracy, Brier score and ECE are of the calibrated probabilities." : "";
  const deadline = job.deadlineMs === null ? "" : ` in ${duration(job.deadlineMs)}`;
  return shown(
    "variants",
    "Variants",
    html`<p class="lead">All on the same ${counted(rows, "row")}. Small figures are 95 % intervals; for the label mass, the 5th percentile.${whose} The share of each class, without reading a row, has log loss ${fixed(priorLogLoss, 3)}. The job is ${counted(job.rows, "row")}${deadline}.</p>
${part("Scores", scoreColumns(calibrated), variants)}${part("How they judge, and what it costs", costColumns(variants), variants)}`,
  );
}

/** A column together with what it shows of a variant. */
interface Shown extends Column {
  readonly cell: (variant: Variant) => Cell;
}

function part(caption: string, columns: readonly Shown[], variants: readonly Variant[]) {
  const name: Shown = { name: "Variant", numeric: false, cell: (variant) => ({ body: variant.name }) };
  const all = [name, ...columns];
  const rows = variants.map((variant) => all.map(({ cell }) => cell(variant)));
  return table(caption, all, rows);
}

function scoreColumns(calibrated: boolean): Shown[] {
  const judged = (variant: Variant) => variant.calibrated ?? variant.raw;
  const columns = [
    number("Log loss, raw", "nats, lower is better", ({ raw }) => estimateCell(raw.logLoss, loss)),
    number("Log loss, calibrated", "out of fold, nats, lower is better", (variant) =>
      estimateCell(variant.calibrated?.logLoss ?? null, loss),
    ),
    number("Over the prior", "gain over the class prior, nats, higher is better", ({ gainOverPrior }) =>
      estimateCell(gainOverPrior, (value) => signed(value, 3)),
    ),
    number("Accuracy", "higher is better", (variant) => estimateCell(judged(variant).accuracy, share)),
    number("Brier score", "sum over the three classes, lower is better", (variant) =>
      estimateCell(judged(variant).brier, loss),
    ),
    number("ECE", "expected calibration error, lower is better", (variant) => eceCell(judged(variant))),
  ];
  return columns.filter(({ name }) => calibrated || !name.includes("calibrated"));
}

function costColumns(variants: readonly Variant[]): Shown[] {
  const swapped = variants.some(({ flipRate, positionBias }) => flipRate !== null || positionBias !== null);
  const order = [
    number("Flip rate", "share of rows whose verdict changes with the order", ({ flipRate }) =>
      estimateCell(flipRate, share),
    ),
    number(
      "Position bias",
      "rows that change towards the answer shown first minus towards the second, as a share",
      ({ positionBias }) => numberCell(positionBias, (value) => signed(value, 3)),
    ),
  ];
  return [
    number("Label mass", "median, and 5th percentile below", massCell),
    ...(swapped ? order : []),
    number("Tokens a row", "prompt tokens", ({ tokensPerRow }) => countCell(tokensPerRow)),
    number("Seconds a row", "lower is better", ({ secondsPerRow }) =>
      numberCell(secondsPerRow, (value) => fixed(value, value < 10 ? 3 : 1)),
    ),
    number("Job", "time for all rows of the job", ({ jobMs }) => numberCell(jobMs, duration)),
    { name: "Fits", numeric: false, cell: fitsCell },
  ];
}

function number(name: string, hint: string, cell: (variant: Variant) => Cell): Shown {
  return { name, numeric: true, hint, cell };
}

function massCell({ mass }: Variant): Cell {
  if (mass === null) return { body: NONE };
  return { body: html`${massText(mass.median)}<small>${massText(mass.p5)}</small>`, sort: mass.median };
}

function fitsCell({ fits }: Variant): Cell {
  return fits === null ? { body: NONE } : { body: fits ? "yes" : "no", kind: fits ? "yes" : "no" };
}
