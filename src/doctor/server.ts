import type { Dataset } from "../dataset/open-dataset.ts";
import type { Engine } from "../engine/engine.ts";
import { formatMass } from "../format.ts";
import { type Judge, scoreBatch } from "../judge/judge.ts";
import { kindOf } from "../judge/mass-gate.ts";
import { median } from "../numbers/quantile.ts";
import { spreadSample } from "../numbers/spread-sample.ts";
import { error, type Finding, ok, warning } from "./finding.ts";

const SAMPLE = 8;

/** Checks the running server: its version, its method for label probabilities, and the label mass of a sample of rows. */
export async function checkServer(
  engine: Engine,
  judge: Judge,
  dataset: Dataset,
  signal: AbortSignal,
): Promise<readonly Finding[]> {
  const tasks = await Promise.all(
    spreadSample(dataset.ids.length, SAMPLE).map((row) => judge.prepare(row, "ab", null)),
  );
  const readings = await scoreBatch(engine, tasks, signal);
  const masses = readings.flatMap(({ mass }) => (mass === null ? [] : [mass]));
  return [
    ok(
      "server",
      `${engine.version ?? "unknown version"} at ${engine.baseUrl}, context ${engine.maxModelLen ?? "unknown"}`,
    ),
    engine.method === "top_logprobs"
      ? warning(
          "method",
          `${engine.method}: ${engine.tried.join("; ")}`,
          "vLLM 0.26 or later gives exact probabilities",
        )
      : ok("method", `label probabilities by ${engine.method}`),
    masses.length === 0
      ? ok("label mass", "unknown: the server gives probabilities among the labels only")
      : massFinding(median(masses), Math.min(...masses)),
  ];
}

function massFinding(middle: number, least: number): Finding {
  const text = `median ${formatMass(middle)}, least ${formatMass(least)} of ${SAMPLE} rows at most`;
  const kind = kindOf(middle);
  if (kind === "high") return ok("label mass", text);
  const remedy = "the model does not answer with these labels: change the template, the answer prefix or the labels";
  return kind === "too-low" ? error("label mass", text, remedy) : warning("label mass", text, remedy);
}
