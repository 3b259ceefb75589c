import type { PlannedStep, PromptTokens, RunPlan } from "../../deadline/run-plan.ts";
import { formatCount, formatDuration, formatPercent, plural } from "../../format.ts";

/** Renders the plan of a run as lines of a name and its text. */
export function renderPlan(plan: RunPlan): string {
  const lines: readonly (readonly [name: string, text: string])[] = [
    ["data", `${plural(plan.rows, "row")} of ${plan.input}`],
    ["tokens a row", tokensText(plan.tokens, plan.tokenBudget)],
    ...exactLines(plan.tokens),
    ["first rows", sampleText(plan)],
    ["then", rowOrderText(plan)],
    ["swapped order", swapText(plan)],
    ...stepLines(plan),
    ...timeLines(plan),
  ];
  const width = Math.max(...lines.map(([name]) => name.length));
  return lines.map(([name, text]) => `${name.padEnd(width)}  ${text}`).join("\n");
}

function tokensText({ source, total, quantiles }: PromptTokens, tokenBudget: number): string {
  const shares = quantiles.map(({ share, tokens }) => `${formatPercent(share)}: ${formatCount(tokens)}`);
  const sum = `${formatCount(total)} in all${source === "estimated" ? ", estimated" : ""}`;
  return `${shares.join(", ")}; ${sum}; at most ${formatCount(tokenBudget)} are sent`;
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

/** For example: the longest first; the shortest first on the steps brief and prior. */
function rowOrderText({ ladder }: RunPlan): string {
  const on = (order: PlannedStep["rowOrder"]): readonly string[] =>
    ladder.filter(({ rowOrder }) => rowOrder === order).map(({ name }) => name);
  const [whole, scarce] = [on("longest-first"), on("shortest-first")];
  const longest = whole.length === 0 ? [] : ["the longest first"];
  const steps = `${scarce.length === 1 ? "step" : "steps"} ${scarce.join(" and ")}`;
  const shortest = scarce.length === 0 ? [] : [`the shortest first on the ${steps}, when time is short`];
  return [...longest, ...shortest].join("; ");
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
        `the step counts on at least ${formatPercent(swapPass.minShare)} of the rows`
      );
    default:
      return orders satisfies never;
  }
}

function stepLines({ ladder, onOverrun }: RunPlan): readonly (readonly [string, string])[] {
  const width = Math.max(...ladder.map(({ tokens }) => formatCount(tokens).length));
  return ladder.map((step) => {
    const time = step.seconds === null ? "" : `, ${formatDuration(1_000 * step.seconds)}`;
    const verdict = step.fits === null ? "" : step.fits ? ": fits" : ": too long";
    const isLeftOut = onOverrun === "stop" && step.rowOrder === "shortest-first";
    const note = isLeftOut ? " (not taken, because on_overrun is stop)" : "";
    return [`step ${step.name}`, `${formatCount(step.tokens).padStart(width)} tokens${time}${verdict}${note}`];
  });
}

function timeLines({ timeLimits, startedAt }: RunPlan): readonly (readonly [string, string])[] {
  if (timeLimits === null) return [];
  const { workEndAt, deadlineAt } = timeLimits;
  const text = `${formatDuration(workEndAt - startedAt)}, the start of the engine included; the deadline is ${new Date(deadlineAt).toISOString()}`;
  return [["time for work", text]];
}
