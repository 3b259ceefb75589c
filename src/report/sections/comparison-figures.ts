import type { ComparisonData, Variant } from "../data/comparison-data.ts";
import { judgedLoss, recommended } from "../text/comparison-verdict.ts";
import { count, counted, duration, fixed, percent, range, small } from "../text/number.ts";
import type { KeyFigure } from "./head.ts";

/** Picks the numbers that a reader of a comparison looks for first. */
export function comparisonFigures(data: ComparisonData): KeyFigure[] {
  const { variants, pairs, rows, groups, job, noiseFloor, stopping } = data;
  const best = recommended(variants);
  const known = pairs.filter(({ better }) => better !== null).length;
  const stopped = stopping?.stoppedAt ? `of ${count(stopping.available)}, stopped early` : `${count(groups)} prompts`;
  const allowed = job.deadlineMs === null ? "" : `, ${duration(job.deadlineMs)} allowed`;
  return [
    ...(best ? bestFigures(best) : []),
    {
      name: "Variants",
      value: count(variants.length),
      beside: `${count(known)} of ${count(pairs.length)} differences shown`,
    },
    { name: "Rows", value: count(rows), beside: stopped },
    ...(best ? [{ name: "Job", value: duration(best.jobMs), beside: `${counted(job.rows, "row")}${allowed}` }] : []),
    {
      name: "Noise floor",
      value: noiseFloor === 0 ? "none" : small(noiseFloor),
      beside: noiseFloor === null ? "not measured" : noiseFloor === 0 ? "the same numbers again" : "nats",
    },
  ];
}

function bestFigures(best: Variant): KeyFigure[] {
  const loss = judgedLoss(best);
  const { accuracy } = best.calibrated ?? best.raw;
  return [
    { name: "Log loss, nats", value: fixed(loss.value, 3), beside: range(loss, (value) => fixed(value, 3)) },
    { name: "Accuracy", value: percent(accuracy.value, 1), beside: range(accuracy, (value) => percent(value, 1)) },
  ];
}
