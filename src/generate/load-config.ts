import { dirname, resolve } from "node:path";
import { parseYaml } from "../config/document.ts";
import { describeIssues, refuse } from "../config/problems.ts";
import { AbtieError, messageOf } from "../errors.ts";
import { inputPath } from "../files/input-path.ts";
import { readSmallFile } from "../files/read-small-file.ts";
import { type GenerateConfig, generateSchema } from "./schema.ts";

/** Reads what is to be generated. Throws AbtieError("config") that lists every problem with file, line and key. */
export async function loadGenerateConfig(path: string, cwd: string): Promise<GenerateConfig> {
  const file = resolve(cwd, path);
  const text = await readSmallFile(file).catch((cause: unknown) => {
    throw new AbtieError("config", `cannot read ${file} (${messageOf(cause)}): name a YAML file`, { cause });
  });
  const yaml = parseYaml(text, path);
  const parsed = generateSchema.safeParse(yaml.value ?? {}, { reportInput: true });
  const found = parsed.success ? [] : describeIssues(parsed.error.issues, generateSchema);
  const problems = [
    ...yaml.problems,
    ...found.map((each) => ({ ...each, place: { source: path, position: yaml.locate(each.path) } })),
  ];
  if (problems.length > 0 || !parsed.success) throw refuse(problems);
  const config = parsed.data;
  return config.kind === "scored" ? config : { ...config, prompts: inputPath(dirname(file), config.prompts) };
}
