import { InvalidArgumentError, Option } from "commander";
import type { WrittenColumns } from "../../config/columns.ts";
import { setAt } from "../../files/json-shape.ts";
import type { Override } from "../../job/open-config.ts";

/** One key of the config as --set gives it: its path, and its value. */
export interface ConfigSetting {
  readonly path: readonly string[];
  readonly value: unknown;
}

/** The flag --set of a command without a config, which sets names of columns alone. */
export interface ColumnFlags {
  readonly set?: readonly ConfigSetting[];
}

/** Creates the option --set of a command that reads rows and has no config; `of` says whose columns it names. */
export function columnsOption(of: string): Option {
  return new Option(
    "--set <columns.KEY=NAME>",
    `name a column of ${of}, for example --set columns.label=verdict; the keys are those of the config; may be repeated`,
  ).argParser(addSetting);
}

/** Reads the names of columns that the flag gives. Throws AbtieError("config") for any other key. */
export async function columnsFrom({ set = [] }: ColumnFlags): Promise<WrittenColumns> {
  const { readColumns } = await import("../../config/columns.ts");
  return readColumns(setKeys(set), "--set");
}

/** Parses one --set and adds it to the earlier ones. */
export function addSetting(text: string, earlier: readonly ConfigSetting[] = []): readonly ConfigSetting[] {
  const at = text.indexOf("=");
  const path = text.slice(0, Math.max(0, at)).split(".");
  if (at < 1 || path.some((key) => !/^\w+$/.test(key))) {
    throw new InvalidArgumentError("expected KEY=VALUE, for example time.reserve=10m.");
  }
  return [...earlier, { path, value: readValue(text.slice(at + 1)) }];
}

/** Reads a value as YAML does for the plain values of a config: truth values, numbers, JSON, else text. */
function readValue(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

/** Makes a part of a config of all settings, the later ones first. */
export function setKeys(settings: readonly ConfigSetting[]): Override["set"] {
  return settings.reduce<Override["set"]>((set, { path, value }) => setAt(set, path, value), {});
}
