import type { BenchResult } from "../../bench/bench-file.ts";
import { formatSignificant } from "../../format.ts";
import { count, counted, duration, fixed, percent, range } from "../../report/text/number.ts";
import { columnLines, terminalText } from "./table.ts";

type Settings = BenchResult["speeds"]["settings"];

const LIMITS: Readonly<Record<BenchResult["speeds"]["limit"]["what"], string>> = {
  tokeniser: "the tokeniser of abtie",
  client: "abtie itself",
  "front end": "the server's front end, before the engine",
  admission: "admission to the engine",
  "not reached": "nothing yet",
  compute: "the computing of the engine",
};

/** Renders the result of a bench for a person: first the seconds per sample, last the verdict. `columns`: width of the terminal; null without one. */
export function renderBench(result: BenchResult, columns: number | null): string {
  const { speeds, lengths, forecast, cost, files } = result;
  const { best, limit, shares, fit, untried, kvCacheUsage } = speeds;
  const { name, version, method } = result.engine;
  const { mean, p50, p95 } = result.secondsPerSample;
  const lines: readonly (string | null)[] = [
    "",
    `${seconds(mean)} a sample (p50 ${seconds(p50)}, p95 ${seconds(p95)})`,
    "",
    `engine       ${name}, version ${version ?? "unknown"}, ${method ?? "unknown method"}`,
    `rows         ${count(lengths.meanTokens)} tokens on average (${count(lengths.tokenised)} of ${count(lengths.rows)} tokenised, ` +
      `${count(lengths.shortened)} shortened); one core prepares ${count(lengths.rowsPerSecond)} rows/s`,
    "",
    settingLines(speeds.settings, columns),
    "",
    `best         ${counted(best.concurrency, "request")} of ${counted(best.promptsPerRequest, "prompt")} in flight`,
    `limited by   ${LIMITS[limit.what]}: ${limit.because}`,
    shares === null
      ? null
      : `in engine    ${percent(shares.prefill)} prefill, ${percent(shares.queue)} waiting for admission, ${percent(shares.rest)} the rest`,
    kvCacheUsage === null
      ? null
      : `memory       key-value cache at most ${percent(kvCacheUsage)} used, ${percent(1 - kvCacheUsage)} free`,
    untried === null
      ? null
      : `not tried    ${untried.setting} ${count(untried.value)}: ${fixed(untried.gain, 2)} times as fast, from the fixed cost of a step of the engine`,
    `time a row   ${fixed(fit.rowMs / 1_000, 4)} s + ${fixed(fit.tokenMs, 3)} s per 1,000 tokens`,
    ...speeds.byLength.map(({ tokens, seconds }, quarter) => {
      const digits = seconds.value < 0.1 ? 4 : 2;
      const ends = range(seconds, (value) => fixed(value, digits));
      return `  quarter ${quarter + 1}  ${count(tokens).padStart(5)} tokens: ${fixed(seconds.value, digits)} s (${ends}) a row`;
    }),
    forecast.prompts === forecast.rows ? null : `orders       both: ${counted(forecast.prompts, "prompt")}`,
    `start-up     ${duration(forecast.startUpMs)}, part of the forecast`,
    `measured     ${counted(cost.prompts, "prompt")} in ${duration(1_000 * cost.seconds)}${cost.failed > 0 ? `, ${counted(cost.failed, "request")} failed` : ""}`,
    `files        ${files.json}, ${files.picture}`,
    "",
    result.verdict,
  ];
  return terminalText(lines.filter((line) => line !== null).join("\n"));
}

function seconds(value: number): string {
  return `${value < 0.1 ? formatSignificant(value, 3) : fixed(value, 3)} s`;
}

function settingLines(settings: Settings, columns: number | null): string {
  return columnLines(
    [
      ["requests x prompts", "rows/s", "tokens/s", "s in flight", "running", "waiting"],
      ...settings.map((one) => [
        `${one.concurrency} x ${one.promptsPerRequest}`,
        fixed(one.rowsPerSecond, 2),
        `${count(one.tokensPerSecond.value)} ± ${count((one.tokensPerSecond.high - one.tokensPerSecond.low) / 2)}`,
        fixed((one.concurrency * one.promptsPerRequest) / one.rowsPerSecond, 1),
        one.engine?.running?.toFixed(0) ?? "",
        one.engine?.waiting?.toFixed(0) ?? "",
      ]),
    ],
    columns,
  );
}
