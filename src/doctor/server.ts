import type { Dataset } from "../dataset/open-dataset.ts";
import type { Engine } from "../engine/types.ts";
import { type Judge, scoreBatch } from "../judge/judge.ts";
import { sampleRows } from "../numbers/spread-sample.ts";
import { error, type Finding, ok, warning } from "./finding.ts";

const SAMPLE = 8;
/** A median label mass below this means that the model hardly wants to answer with a label. */
const LOW_MASS = 0.1;

/** Asks the running server: its version, how it gives label probabilities, and the label mass of a sample of rows. */
export async function checkServer(
  engine: Engine,
  judging: Judge,
  dataset: Dataset,
  signal: AbortSignal,
): Promise<readonly Finding[]> {
  const tasks = await Promise.all(
    sampleRows(dataset.ids.length, SAMPLE).map((row) => judging.prepare(row, "ab", null)),
  );
  const readings = await scoreBatch(engine, tasks, signal);
  const masses = readings.flatMap(({ mass }) => (mass === null ? [] : [mass])).sort((one, other) => one - other);
  const median = masses[Math.floor(masses.length / 2)];
  return [
    ok(
      "server",
      `${engine.version ?? "unknown version"} at ${engine.baseUrl}, context ${engine.maxModelLen ?? "unknown"}`,
    ),
    engine.method === "top_logprobs"
      ? warning("method", `${engine.method}: ${engine.tried.join("; ")}`, "a vLLM from 0.26 on gives exact numbers")
      : ok("method", `label probabilities by ${engine.method}`),
    median === undefined
      ? ok("label mass", "not known: the server gives numbers relative to the labels")
      : massFinding(median, masses[0] ?? 0),
  ];
}

function massFinding(median: number, least: number): Finding {
  const text = `median ${median.toFixed(3)}, least ${least.toFixed(3)} of ${SAMPLE} rows at most`;
  if (median >= LOW_MASS) return ok("label mass", text);
  const remedy = "the model does not answer with these labels: change the template, the answer prefix or the labels";
  return median < LOW_MASS / 100 ? error("label mass", text, remedy) : warning("label mass", text, remedy);
}
