import { join } from "node:path";
import { AbtieError, systemCode } from "../errors.ts";
import { meansMissing } from "../files/exists.ts";
import { parseJson } from "../files/json-lines.ts";
import { isRecord } from "../files/json-shape.ts";
import { readSmallFile } from "../files/read-small-file.ts";

/** Reads the text of the config.json of a model folder; null when there is none. Throws AbtieError("config") when it cannot be read. */
export async function readConfigJson(folder: string): Promise<{ readonly path: string; readonly text: string } | null> {
  const path = join(folder, "config.json");
  try {
    return { path, text: await readSmallFile(path) };
  } catch (cause) {
    if (meansMissing(cause)) return null;
    const code = systemCode(cause) ?? "unreadable";
    throw new AbtieError("config", `cannot read ${path} (${code}): is it a model folder?`, { cause });
  }
}

/** Parses the text of the config.json at `path`. Throws AbtieError("config") when it is no JSON object. */
export function parseConfigJson(text: string, path: string): Readonly<Record<string, unknown>> {
  const json: unknown = parseJson(text);
  if (isRecord(json)) return json;
  throw new AbtieError("config", `${path} holds no JSON object: copy the model folder again`);
}
