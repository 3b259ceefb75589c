import { dirname, resolve } from "node:path";
import { AbtieError, systemCode } from "../errors.ts";
import { isRecord } from "../files/json-shape.ts";
import { readSmallFile } from "../files/read-small-file.ts";
import { type ConfigSource, checkConfig } from "./check-config.ts";
import type { Config } from "./config.ts";
import { parseYaml, type YamlFile } from "./document.ts";
import { checkChosen, checkJudges, type JudgeChoice, judgesIn, refuseName } from "./judges.ts";
import { mergeOverrides, type Override } from "./merge.ts";
import type { Places } from "./normalize.ts";
import { type Path, type Place, refuse } from "./problems.ts";
import type { WrittenConfig } from "./schema.ts";

/**
 * Reads a config file, replaces keys by the overrides in their order (environment first, flags last), and turns the
 * result into the config that the program uses: that of one judge for a choice. Throws an AbtieError("config") that lists every
 * problem at once, with file, line, column and key.
 */
export async function loadConfig(
  path: string | null,
  overrides: readonly Override[],
  places: Places,
  choice?: JudgeChoice,
): Promise<Config> {
  const file = path === null ? null : resolve(places.cwd, path);
  const yaml = file === null ? null : parseYaml(await readText(file), path ?? "");
  if (yaml !== null && yaml.problems.length > 0 && yaml.value === null) throw refuse(yaml.problems);
  const written = mergeOverrides(withoutOutputOfTrial(yaml?.value ?? {}, overrides), overrides, places.cwd);
  const base = file === null ? places.cwd : dirname(file);
  const source: ConfigSource = { file, base, placeOf: (key) => placeOf(key, yaml, path, overrides) };
  const judges = judgesIn(written);
  if (judges === null && choice !== undefined) refuseName(choice);
  const pair = judges === null ? null : { written, judges, overrides };
  const { config, problems } =
    pair === null
      ? await checkConfig(written, source, places)
      : choice === undefined
        ? await checkJudges(pair, source, places)
        : await checkChosen(pair, choice, source, places);
  const all = [...(yaml?.problems ?? []), ...problems];
  if (all.length > 0 || config === null) throw refuse(all);
  return config;
}

/**
 * Removes the output of the file when a flag asks for a trial: fewer rows (--limit) or another run folder (--run). The
 * submission of a trial lies in its run folder unless a flag names another path, so that it never replaces that of the job.
 */
function withoutOutputOfTrial(written: unknown, overrides: readonly Override[]): unknown {
  const isSet = (key: keyof WrittenConfig): boolean => overrides.some(({ set }) => set[key] !== undefined);
  if (!isRecord(written) || isSet("output") || !(isSet("limit") || isSet("run"))) return written;
  const { output, ...others } = written;
  if (!isRecord(output)) return others;
  const { file: _file, ...form } = output;
  return { ...others, output: form };
}

function placeOf(key: Path, yaml: YamlFile | null, path: string | null, overrides: readonly Override[]): Place {
  const override = overrides.findLast(({ set }) => isSetBy(set, key));
  if (override !== undefined) return { source: override.from, position: null };
  if (yaml === null || path === null) return { source: "command line", position: null };
  return { source: path, position: yaml.locate(key) };
}

/** Checks whether an override sets the key, or sets a value that contains the key. */
function isSetBy(set: Override["set"], key: Path): boolean {
  if (key.length === 0) return false;
  let value: unknown = set;
  for (const part of key) {
    if (!isRecord(value)) return value !== undefined;
    value = value[String(part)];
  }
  return value !== undefined;
}

async function readText(file: string): Promise<string> {
  try {
    return await readSmallFile(file);
  } catch (cause) {
    const reason = systemCode(cause) ?? "unreadable";
    throw new AbtieError("config", `cannot read the config ${file} (${reason}): give the path of a YAML file`, {
      cause,
    });
  }
}
