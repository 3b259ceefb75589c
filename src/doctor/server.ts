import type { Config } from "../config/config.ts";
import type { Dataset } from "../dataset/open-dataset.ts";
import type { Engine } from "../engine/engine.ts";
import { formatMass, plural } from "../format.ts";
import { type Judge, scoreBatch } from "../judge/judge.ts";
import { kindOf } from "../judge/mass-gate.ts";
import { median } from "../numbers/quantile.ts";
import { spreadSample } from "../numbers/spread-sample.ts";
import { error, type Finding, ok, warning } from "./finding.ts";

const SAMPLE = 8;

/**
 * Checks the running server: its version, its model, its context length, its method for label probabilities, and the label mass of a
 * sample of rows, unless the model is a classifier, which has none.
 */
export async function checkServer(
  engine: Engine,
  judge: Judge,
  config: Pick<Config, "context" | "engine">,
  dataset: Dataset,
  signal: AbortSignal,
): Promise<readonly Finding[]> {
  const prepared = await Promise.all(
    spreadSample(dataset.ids.length, SAMPLE).map((row) => judge.prepare(row, "ab", null)),
  );
  const tasks = prepared.filter(({ refusal }) => refusal === null);
  const readings = await scoreBatch(engine, tasks, signal);
  const masses = readings.flatMap(({ mass }) => (mass === null ? [] : [mass]));
  return [
    ok("server", `${engine.version ?? "unknown version"} at ${engine.baseUrl}`),
    ok("model", describeModel(engine)),
    ok("context", describeContext(engine, judge, config)),
    engine.method === "top_logprobs"
      ? warning(
          "method",
          `${engine.method}: ${engine.tried.join("; ")}`,
          "vLLM 0.26 or later gives exact probabilities",
        )
      : ok("method", `label probabilities by ${engine.method}`),
    ...(engine.method === "classify" ? [] : [massFinding(masses)]),
  ];
}

/** Names the model: its name on the server, its weights, its parent if it is an adapter, and the name that the answers bear. */
function describeModel({ served, answersAs }: Pick<Engine, "served" | "answersAs">): string {
  return [
    served.id,
    ...(served.root === null ? [] : [`weights ${served.root}`]),
    ...(served.parent === null ? [] : [`adapter of ${served.parent}`]),
    ...(answersAs === null || answersAs === served.id ? [] : [`its answers bear the name ${answersAs}`]),
  ].join("; ");
}

/** Says the server's context length and where it was learnt, and how many prompt tokens a row may have. */
function describeContext(
  { served, maxModelLen, baseUrl }: Pick<Engine, "served" | "maxModelLen" | "baseUrl">,
  { budget }: Pick<Judge, "budget">,
  { context, engine }: Pick<Config, "context" | "engine">,
): string {
  const learnt =
    maxModelLen === null
      ? engine.maxModelLen === null
        ? "not reported by the server"
        : `${plural(engine.maxModelLen, "token")}, from engine.max_model_len, since the server reports none`
      : `${plural(maxModelLen, "token")}, from ${sourceOf(served, baseUrl)}`;
  const own = context === null ? "" : `; the config gives context: ${context}`;
  return `${learnt}${own}; a prompt may have ${plural(budget, "token")}`;
}

function sourceOf({ id, contextFrom }: Engine["served"], baseUrl: string): string {
  if (contextFrom === null) return `${baseUrl}/props`;
  return contextFrom === id ? `${baseUrl}/v1/models` : `the model's parent ${contextFrom} in ${baseUrl}/v1/models`;
}

function massFinding(masses: readonly number[]): Finding {
  if (masses.length === 0) return ok("label mass", "unknown: the server gives probabilities among the labels only");
  const middle = median(masses);
  const rows = plural(masses.length, "row");
  const text = `median ${formatMass(middle)}, least ${formatMass(Math.min(...masses))} of a sample of ${rows}`;
  const kind = kindOf(middle);
  if (kind === "high") return ok("label mass", text);
  const remedy = "the model does not answer with these labels: change the template, the answer prefix or the labels";
  return kind === "too-low" ? error("label mass", text, remedy) : warning("label mass", text, remedy);
}
