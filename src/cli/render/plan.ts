import type { DryRun } from "../../commands/dry-run.ts";
import type { PlannedRun } from "../../commands/plan.ts";
import type { PlannedStep, PromptTokens, RunPlan } from "../../deadline/run-plan.ts";
import type { MemoryEstimate } from "../../engine/memory.ts";
import { formatCount, formatDuration, formatGib, formatPercent, plural } from "../../format.ts";

type Line = readonly [name: string, text: string];

/** Renders what of a model fits one GPU, one line for each size of the weights. */
export function renderMemory(estimates: readonly MemoryEstimate[]): string {
  return estimates
    .map(({ bits, weights, usable, work, cacheTokens, prompts }) => {
      const needs = `${formatGib(weights)} of weights and ${formatGib(work)} for the work, of ${formatGib(usable)}`;
      const verdict =
        prompts > 0
          ? `fits, with room for ${plural(cacheTokens, "token")} (${plural(prompts, "prompt")} of full length)`
          : "does not fit";
      return `memory ${String(bits).padStart(2)} bits  ${needs}: ${verdict} (estimated)`;
    })
    .join("\n");
}

/** Renders the plan of a run as lines, each with a name and a text. */
export function renderPlan(plan: PlannedRun, speed: PlanSpeed | null = null): string {
  return inColumns([...linesOf(plan), ...speedLines(speed), ...judgesLines(plan)]);
}

/** Where the speed of a plan is from. */
export type PlanSpeed =
  | { readonly from: "flag" | "nowhere" }
  /** `isFound`: it was in the run folder, and no flag named it. */
  | { readonly from: "bench"; readonly file: string; readonly tokensPerSecond: number; readonly isFound: boolean };

function speedLines(speed: PlanSpeed | null): readonly Line[] {
  switch (speed?.from) {
    case "nowhere":
      return [["time", "unknown without a speed: `abtie bench` measures it, or give --tokens-per-second N"]];
    case "bench": {
      const why = speed.isFound ? ", which is in the run folder (--bench FILE takes another)" : "";
      return [["speed", `${plural(speed.tokensPerSecond, "token")}/s, from ${speed.file}${why}`]];
    }
    case "flag":
    case undefined:
      return [];
    default:
      return speed satisfies never;
  }
}

/** Renders what a run would do. */
export function renderDryRun(
  { plan, answered, model, submission, runFolder }: DryRun,
  speed: PlanSpeed | null = null,
): string {
  return inColumns([
    ...linesOf(plan),
    ...speedLines(speed),
    ...judgesLines(plan),
    ["answered", answered === 0 ? "no row yet" : `${plural(answered, "row")} in an earlier session`],
    ["model", model ?? "not asked: its server would be started first"],
    ["would write", `${submission}; ${runFolder}`],
    ["written", "nothing: this was a dry run"],
  ]);
}

function linesOf(plan: RunPlan): readonly Line[] {
  return [
    ["data", `${plural(plan.rows, "row")} of ${plan.input}`],
    ["tokens a row", tokensText(plan.tokens, plan.tokenBudget)],
    ...exactLines(plan.tokens),
    ["first rows", sampleText(plan)],
    ["then", rowOrderText(plan)],
    ["swapped order", swapText(plan)],
    ...ladderLines(plan),
    ...stepLines(plan),
    ...timeLines(plan),
  ];
}

/** Describes what two judges would do; every row counts as equally uncertain until the first judge has answered. */
function judgesLines({ judges: plan }: PlannedRun): readonly Line[] {
  if (plan === undefined) return [];
  if (plan === null)
    return [["judges", "two: which rows the second gets is planned when the speed of the first is known"]];
  const { judges, sharing, answers, firstPass, firstStartUp, secondStartUp, switchAfter, assumed } = plan;
  const [first, second] = judges;
  const seconds = (value: number): string => formatDuration(1_000 * value);
  const notes = assumed.length === 0 ? "" : ` (${assumed.join(" and ")} of ${second} not measured yet: assumed)`;
  const start = firstStartUp === 0 ? "" : `${seconds(firstStartUp)} until its engine is ready, then `;
  const moment =
    sharing === "side-by-side"
      ? `works beside ${first}`
      : switchAfter === null
        ? `is not started: the time left does not pay for its start of ${seconds(secondStartUp)}`
        : `the engine of ${first} is stopped after about ${seconds(switchAfter)}, and that of ${second} answers ${seconds(secondStartUp)} later`;
  const { swapped, secondAsGiven, secondSwapped } = answers;
  const then = swapped === 0 ? "" : `, then the swapped order of about ${plural(swapped, "row")}`;
  return [
    [`judge ${first}`, `${start}${seconds(firstPass)} for every row${then}`],
    [`judge ${second}`, `${moment}${notes}`],
    [
      "",
      `about ${plural(secondAsGiven, "row")} as given, and ${plural(secondSwapped, "row")} also in the swapped order`,
    ],
  ];
}

function inColumns(lines: readonly Line[]): string {
  const width = Math.max(...lines.map(([name]) => name.length));
  return lines.map(([name, text]) => `${name.padEnd(width)}  ${text}`).join("\n");
}

function tokensText({ source, total, quantiles }: PromptTokens, tokenBudget: number): string {
  const shares = quantiles.map(({ share, tokens }) => `${formatPercent(share)}: ${formatCount(tokens)}`);
  const sum = `${formatCount(total)} in all${source === "estimated" ? ", estimated" : ""}`;
  return `${shares.join(", ")}; ${sum}; at most ${formatCount(tokenBudget)} of a row are sent`;
}

function exactLines(tokens: PromptTokens): readonly (readonly [string, string])[] {
  if (tokens.source === "estimated") return [];
  const { shortened, neutralisedRows } = tokens;
  const cut = shortened.rows > 0 ? `, by ${plural(shortened.meanCut, "token")} on average` : "";
  return [
    ["shortened", `${plural(shortened.rows, "row")}${cut}`],
    ["control tokens", `made harmless in ${plural(neutralisedRows, "row")}`],
  ];
}

function sampleText({ sample, seed }: RunPlan): string {
  return `a sample of ${plural(sample.rows, "row")} of all lengths (seed ${seed}); the first ${formatCount(sample.pilotRows)} measure the speed`;
}

/** Describes the order of rows, for example: the longest first; on the steps brief and prior the shortest first. */
function rowOrderText(plan: RunPlan): string {
  const [best] = plan.ladder;
  if (best?.rowOrder === "shortest-first") return "the shortest first";
  const scarce = plan.ladder.filter((step) => step.rowOrder === "shortest-first" && mayBeTaken(plan, step));
  if (scarce.length === 0) return "the longest first";
  const steps = `${scarce.length === 1 ? "step" : "steps"} ${scarce.map(({ name }) => name).join(" and ")}`;
  return `the longest first; on the ${steps} the shortest first`;
}

/**
 * Checks whether the run may use a step. Without a deadline it uses only the first step, and with `on_overrun: stop` it
 * does not use the steps that send the shortest rows first.
 */
function mayBeTaken({ ladder, timeLimits, onOverrun }: RunPlan, step: PlannedStep): boolean {
  return step === ladder[0] || (timeLimits !== null && (onOverrun === "degrade" || step.rowOrder === "longest-first"));
}

function swapText({ orders, prompts, swapPass }: RunPlan): string {
  switch (orders) {
    case "one":
      return "for no row";
    case "both":
      return "for every row, after the first order";
    case "auto":
      return (
        `for up to ${plural(prompts.ba, "row")} while time is left, the largest expected gain first; ` +
        `at least ${formatPercent(swapPass.minShare)} of the rows must fit`
      );
    default:
      return orders satisfies never;
  }
}

function ladderLines({ timeLimits, confidence }: RunPlan): readonly (readonly [string, string])[] {
  if (timeLimits === null) return [];
  return [["ladder", `the best step that ends in time with probability ${confidence} or more`]];
}

function stepLines(plan: RunPlan): readonly (readonly [string, string])[] {
  const { ladder, timeLimits } = plan;
  const width = Math.max(...ladder.map(({ tokens }) => formatCount(tokens).length));
  return ladder.map((step) => {
    const isRange = step.leastTokens > 0 && step.leastTokens < step.tokens;
    const least = isRange && step.leastSeconds !== null ? `${formatDuration(1_000 * step.leastSeconds)} to ` : "";
    const time = step.seconds === null ? "" : `, ${least}${formatDuration(1_000 * step.seconds)}`;
    const verdict = step.fits === null ? "" : step.fits ? ": fits" : ": too long";
    const why = timeLimits === null ? "without a deadline" : "because on_overrun is stop";
    const note = mayBeTaken(plan, step) ? "" : ` (not taken, ${why})`;
    return [`step ${step.name}`, `${formatCount(step.tokens).padStart(width)} tokens${time}${verdict}${note}`];
  });
}

function timeLines({ timeLimits, startedAt }: RunPlan): readonly (readonly [string, string])[] {
  if (timeLimits === null) return [];
  const { workEndAt, deadlineAt } = timeLimits;
  const text = `${formatDuration(workEndAt - startedAt)}, the start of the engine included; the deadline is ${new Date(deadlineAt).toISOString()}`;
  return [["time for work", text]];
}
