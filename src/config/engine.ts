import { readdir, readFile } from "node:fs/promises";
import { isAbsolute, join, resolve } from "node:path";
import { AbtieError } from "../errors.ts";
import { formatPlace, parseYaml } from "./document.ts";
import { engineSchema, type ParsedEngine } from "./engine-schema.ts";
import { knownKeys } from "./known-keys.ts";
import { describeIssues, formatKey, type Problem, suggestion } from "./problems.ts";

/** An engine mapping with its profile laid under it, and the folder that relative paths in it count from. */
export interface EngineSource {
  readonly engine: (ParsedEngine & { readonly name: string }) | null;
  readonly problems: readonly Problem[];
}

interface Places {
  /** Folder of the config file. */
  readonly base: string;
  /** The package's own root, which holds launch/ and prompts/. */
  readonly packageRoot: string;
}

/** Lays an engine mapping over the profile it names; a bare name is a profile, nothing at all is "cpu-smollm2". */
export async function resolveEngine(written: string | ParsedEngine | undefined, places: Places): Promise<EngineSource> {
  const own: ParsedEngine = typeof written === "string" ? { profile: written } : (written ?? {});
  const attaches = own.attach !== undefined;
  const named = attaches ? undefined : (own.profile ?? (own.command === undefined ? "cpu-smollm2" : undefined));
  const base = named === undefined ? { engine: {} as ParsedEngine, problems: [] } : await readProfile(named, places);
  const { profile: _profile, ...rest } = own;
  const kind = attaches ? ("attach" as const) : (own.kind ?? base.engine?.kind ?? "spawn");
  const engine = { ...base.engine, ...rest, kind, name: named ?? (attaches ? "attach" : "custom") };
  const problems = base.problems.length > 0 ? base.problems : checkEngine(engine);
  return { engine: problems.length > 0 ? null : engine, problems };
}

function checkEngine(engine: ParsedEngine): readonly Problem[] {
  if (engine.kind === "attach" || engine.model !== undefined) return [];
  const message = "is missing: name the model folder here; this engine profile has no default";
  return [{ where: "", key: "model", message }];
}

async function readProfile(
  name: string,
  places: Places,
): Promise<{ engine: ParsedEngine | null; problems: readonly Problem[] }> {
  const isPath = name.includes("/") || /\.ya?ml$/.test(name);
  const file = isPath ? resolve(places.base, name) : join(places.packageRoot, "launch/engines", `${name}.yaml`);
  const text = await readFile(file, "utf8").catch((cause: unknown) => {
    if (isAbsolute(name) || isPath) throw new AbtieError("config", `engine profile ${file} cannot be read`, { cause });
    return null;
  });
  if (text === null) {
    const shipped = (await readdir(join(places.packageRoot, "launch/engines"))).filter((entry) =>
      entry.endsWith(".yaml"),
    );
    const names = shipped.map((entry) => entry.replace(/\.yaml$/, ""));
    const message = `is not a shipped engine profile: "${name}"${suggestion(name, names)}, or give the path of a YAML file`;
    return { engine: null, problems: [{ where: "", key: "profile", message }] };
  }
  const yaml = parseYaml(text, file);
  if (yaml.problems.length > 0) return { engine: null, problems: yaml.problems };
  const parsed = engineSchema.safeParse(yaml.value);
  if (parsed.success) return { engine: parsed.data, problems: [] };
  const problems = describeIssues(parsed.error.issues, (path) => knownKeys(engineSchema, path)).map((issue) => ({
    where: formatPlace(file, yaml.locate(issue.path)),
    key: formatKey(issue.path),
    message: issue.message,
  }));
  return { engine: null, problems };
}
