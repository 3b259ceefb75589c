import { parseConfigJson, readConfigJson } from "../../engine/config-json.ts";
import { AbtieError } from "../../errors.ts";
import { isRecord } from "../../files/json-shape.ts";

/** What the config.json of a model folder says about its head. */
export interface ModelConfig {
  readonly path: string;
  /** The names of the architectures, for example LlamaForSequenceClassification. */
  readonly architectures: readonly string[];
  /** The names of the classes in the order of the head's outputs; null when the file has no id2label. */
  readonly classes: readonly string[] | null;
  /** Id of the padding token; null when the file has none. */
  readonly padToken: number | null;
  /** The kind of problem that the head solves; null when the file does not say it. */
  readonly problemType: string | null;
  /** True when the attention scores are capped softly, as in Gemma 2. */
  readonly softCapped: boolean;
}

/** Reads the config.json of a model folder; null when there is none. Throws AbtieError("config") when it cannot be used. */
export async function readModelConfig(folder: string): Promise<ModelConfig | null> {
  const found = await readConfigJson(folder);
  return found === null ? null : parseModelConfig(found.text, found.path);
}

/** Reads the text of a config.json. Throws AbtieError("config") when it is not the config of a model. */
export function parseModelConfig(text: string, path: string): ModelConfig {
  const json = parseConfigJson(text, path);
  const { architectures, pad_token_id: pad, problem_type: problem, attn_logit_softcapping: cap } = json;
  return {
    path,
    architectures: Array.isArray(architectures) ? architectures.filter((name) => typeof name === "string") : [],
    classes: readClasses(json["id2label"], path),
    padToken: typeof pad === "number" && Number.isInteger(pad) && pad >= 0 ? pad : null,
    problemType: typeof problem === "string" ? problem : null,
    softCapped: typeof cap === "number",
  };
}

/** Decides whether a model has a classification head. */
export function isClassifier({ architectures }: Pick<ModelConfig, "architectures">): boolean {
  return architectures.some((name) => name.endsWith("ForSequenceClassification"));
}

function readClasses(id2label: unknown, path: string): readonly string[] | null {
  if (id2label === undefined || id2label === null) return null;
  const entries = isRecord(id2label) ? Object.entries(id2label) : [];
  const names = new Map(entries.map(([id, name]) => [id, name] as const));
  return Array.from({ length: names.size }, (_, index) => {
    const name = names.get(String(index));
    if (typeof name === "string") return name;
    throw new AbtieError(
      "config",
      `${path}: id2label must name each class by its number, 0 to ${names.size - 1}, but has the keys ${[...names.keys()].join(", ")}`,
    );
  });
}
