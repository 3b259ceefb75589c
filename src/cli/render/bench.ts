import type { BenchResult } from "../../bench/bench-file.ts";
import { formatCount, formatPercent, plural } from "../../format.ts";

type Settings = BenchResult["speeds"]["settings"];
type Estimate = BenchResult["forecast"]["time"];

const LIMITS: Readonly<Record<BenchResult["speeds"]["limit"]["what"], string>> = {
  tokeniser: "the tokeniser of abtie",
  client: "abtie itself",
  "front end": "the server's front end, before the engine",
  admission: "admission to the engine",
  "not reached": "nothing yet",
  compute: "the computing of the engine",
};

/** Renders what a bench found for a person; the verdict comes last. */
export function renderBench(result: BenchResult): string {
  const { speeds, lengths, forecast, cost, files } = result;
  const { best, limit, shares, fit } = speeds;
  const lines: readonly (string | null)[] = [
    "",
    `engine       ${result.engine.name}, version ${result.engine.version ?? "unknown"}, ${result.engine.method ?? "unknown method"}`,
    `rows         ${lengths.meanTokens.toFixed(0)} tokens on average (${formatCount(lengths.tokenised)} of ${formatCount(lengths.rows)} tokenised, ` +
      `${formatCount(lengths.shortened)} shortened); one core prepares ${formatCount(lengths.rowsPerSecond)} rows/s`,
    "",
    ...table(speeds.settings),
    "",
    `best         ${plural(best.concurrency, "request")} of ${plural(best.promptsPerRequest, "prompt")} in flight`,
    `limited by   ${LIMITS[limit.what]}: ${limit.because}`,
    shares === null
      ? null
      : `in engine    ${formatPercent(shares.prefill)} prefill, ${formatPercent(shares.queue)} waiting for admission, ${formatPercent(shares.rest)} the rest`,
    speeds.kvCacheUsage === null
      ? null
      : `memory       key-value cache at most ${formatPercent(speeds.kvCacheUsage)} used, ${formatPercent(1 - speeds.kvCacheUsage)} free`,
    speeds.untried === null
      ? null
      : `not tried    ${speeds.untried.setting} ${formatCount(speeds.untried.value)}: ${speeds.untried.gain.toFixed(2)} times as fast, from what a step of the engine costs by itself`,
    `time a row   ${(fit.rowMs / 1_000).toFixed(4)} s + ${((1_000 * fit.tokenMs) / 1_000).toFixed(3)} s per 1,000 tokens`,
    ...speeds.byLength.map(
      ({ tokens, seconds }, quarter) =>
        `  quarter ${quarter + 1}  ${tokens.toFixed(0).padStart(5)} tokens: ${inSeconds(seconds)} a row`,
    ),
    forecast.prompts === forecast.rows ? null : `orders       both: ${plural(forecast.prompts, "prompt")}`,
    `start-up     ${(forecast.startUpMs / 1_000).toFixed(0)} s, in the forecast`,
    `measured     ${plural(cost.prompts, "prompt")} in ${cost.seconds.toFixed(0)} s${cost.failed > 0 ? `, ${plural(cost.failed, "request")} failed` : ""}`,
    `files        ${files.json}, ${files.picture}`,
    "",
    result.verdict,
  ];
  return lines.filter((line) => line !== null).join("\n");
}

function table(settings: Settings): readonly string[] {
  const rows = settings.map((one) => [
    `${one.concurrency} x ${one.promptsPerRequest}`,
    one.rowsPerSecond.toFixed(2),
    `${formatCount(one.tokensPerSecond.value)} ± ${formatCount((one.tokensPerSecond.high - one.tokensPerSecond.low) / 2)}`,
    ((one.concurrency * one.promptsPerRequest) / one.rowsPerSecond).toFixed(1),
    one.engine?.running?.toFixed(0) ?? "",
    one.engine?.waiting?.toFixed(0) ?? "",
  ]);
  const all = [["requests x prompts", "rows/s", "tokens/s", "s in flight", "running", "waiting"], ...rows];
  const widths = (all[0] ?? []).map((_, column) => Math.max(...all.map((row) => row[column]?.length ?? 0)));
  return all.map((row) => row.map((cell, column) => cell.padStart(widths[column] ?? 0)).join("  "));
}

function inSeconds({ value, low, high }: Estimate): string {
  const digits = value < 0.1 ? 4 : 2;
  return `${value.toFixed(digits)} s (${low.toFixed(digits)} to ${high.toFixed(digits)})`;
}
