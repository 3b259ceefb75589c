import type { CalibrationResult } from "../../commands/calibrate.ts";
import { columns } from "./columns.ts";
import { count, fixed, nats } from "./estimates.ts";

/** Renders what a calibration does as tables for a person: before and after, and what was chosen from. */
export function renderCalibration(result: CalibrationResult): string {
  const { kind, rows, groups, folds, deals, gainByDeal, raw, calibrated, prior, gain, gainOverPrior } = result;
  return [
    `${count(rows)} rows with ${count(groups)} prompts, ${folds} folds that never part rows of one prompt, dealt ${deals} times`,
    columns([
      ["", "log loss"],
      ["raw", nats(raw)],
      ["calibrated", nats(calibrated)],
      ["class prior", nats(prior)],
      ["gain over raw", nats(gain)],
      ["gain over the class prior", nats(gainOverPrior)],
    ]),
    columns([
      ["kind", "log loss", "behind the best"],
      ...result.candidates.map((candidate) => [
        `${candidate.kind}${candidate.kind === kind ? " (chosen)" : ""}`,
        fixed(candidate.logLoss),
        nats(candidate.behindBest),
      ]),
    ]),
    parametersOf(result),
    `Log losses in nats, each row predicted by what was fitted to the other folds, averaged over ${deals} ways of dealing the prompts
into folds: one alone would have shown a gain over raw between ${fixed(gainByDeal.low)} and ${fixed(gainByDeal.high)}. In brackets 95 % intervals over prompts: what
other prompts of this kind would show with these fits. Chosen is the simplest kind within one standard error of the best.`,
  ].join("\n\n");
}

function parametersOf({ parameters: { scale, bias, first, both } }: CalibrationResult): string {
  const [a, b, tie] = bias;
  const temperature = scale === 0 ? "the readings are ignored" : `temperature ${fixed(1 / scale)}`;
  return (
    `Fitted to all rows: ${temperature}; added to A ${fixed(a)}, B ${fixed(b)}, tie ${fixed(tie)}, to the answer shown first ` +
    `${fixed(first)}; both orders multiplied by ${fixed(both)}.`
  );
}
