import type { CalibrationResult } from "../../commands/calibrate.ts";
import { plural } from "../../format.ts";
import { columns } from "./columns.ts";
import { decimal, nats } from "./estimates.ts";

/** Renders what a calibration does as tables for a person: before and after, and what was chosen from. */
export function renderCalibration(result: CalibrationResult): string {
  const { kind, rows, groups, folds, deals, gainByDeal, raw, calibrated, prior, gain, gainOverPrior } = result;
  return [
    `${plural(rows, "row")} with ${plural(groups, "prompt")}, ${plural(folds, "fold")} that never part rows of one prompt, dealt ${plural(deals, "time")}`,
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
        decimal(candidate.logLoss),
        nats(candidate.behindBest),
      ]),
    ]),
    parametersOf(result),
    `Log losses in nats, each row predicted by what was fitted to the other folds, averaged over ${plural(deals, "way")} of dealing the prompts
into folds: one alone would have shown a gain over raw between ${decimal(gainByDeal.low)} and ${decimal(gainByDeal.high)}. In brackets 95 % intervals over prompts: what
other prompts of this kind would show with these fits. Chosen is the simplest kind within one standard error of the best.`,
  ].join("\n\n");
}

function parametersOf({ parameters: { scale, bias, first, both } }: CalibrationResult): string {
  const [a, b, tie] = bias;
  const temperature = scale === 0 ? "the readings are ignored" : `temperature ${decimal(1 / scale)}`;
  return (
    `Fitted to all rows: ${temperature}; added to A ${decimal(a)}, B ${decimal(b)}, tie ${decimal(tie)}, to the answer shown first ` +
    `${decimal(first)}; both orders multiplied by ${decimal(both)}.`
  );
}
