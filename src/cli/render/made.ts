import type { MakeResult, TrainingPlan } from "../../commands/make.ts";
import { describeFacts, describeProof } from "../../commands/make-report.ts";
import { EXIT } from "../../errors.ts";
import { formatCount, formatDuration, formatGib, formatPercent } from "../../format.ts";

/** Renders what a chain has made. */
export function renderMakeResult({ folder, stages, run, proof, report }: MakeResult): string {
  return [
    `made       ${folder}`,
    ...stages.map(({ name, path, facts, seconds, stopped }) => {
      const time = run.includes(name) ? formatDuration(1000 * seconds) : "done before";
      const ending = stopped === null ? "" : `; stopped by the ${stopped}: run it again to go on`;
      return `${name.padEnd(10)} ${path.slice(folder.length + 1)}, ${describeFacts(name, facts)} (${time})${ending}`;
    }),
    ...proof.map((step) => `proof      ${describeProof(step)}`),
    `report     ${report}`,
  ].join("\n");
}

/** The exit status: a proof that found a loss beyond the limit is a missed threshold. */
export function statusOfMade({ proof }: MakeResult): number {
  return proof.some(({ verdict }) => verdict === "lost") ? EXIT.threshold : EXIT.done;
}

/** Renders what a training needs. */
export function renderTrainingPlan({ base, parameters, memory, tokens }: TrainingPlan): string {
  const { trained, all } = parameters;
  return [
    `base       ${base}`,
    `trained    ${formatCount(trained)} of ${formatCount(all)} parameters (${formatPercent(trained / all, 4)})`,
    `memory     about ${formatGib(memory.total)} on each device for prompts of ${formatCount(tokens)} tokens: base ${formatGib(memory.base)}, trained ${formatGib(memory.trained)},`,
    `           kept for the backward pass ${formatGib(memory.kept)}, the layer at work ${formatGib(memory.layer)}${memory.scores === 0 ? "" : `, scores of the vocabulary ${formatGib(memory.scores)}`}, libraries ${formatGib(memory.fixed)}; an estimate from the model's shape`,
  ].join("\n");
}
