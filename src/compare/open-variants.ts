import { basename, join, resolve } from "node:path";
import type { Config } from "../config/config.ts";
import type { Override } from "../config/load.ts";
import { readVariants } from "../config/variants.ts";
import type { Effects } from "../effects.ts";
import { AbtieError } from "../errors.ts";
import { findConfig, openConfig } from "../job/open-config.ts";

/** One of the judges that are compared. */
export interface Variant {
  readonly name: string;
  readonly config: Config;
  /** Keys of the config that it sets for itself. */
  readonly sets: readonly string[];
}

export interface VariantOptions {
  /** The config file; null as in every command. */
  readonly file: string | null;
  /** Templates given on the command line; they take the place of the variants of the config. */
  readonly templates: readonly string[];
  /** Overrides below a variant's own parts, and above them. */
  readonly environment: readonly Override[];
  readonly flags: readonly Override[];
}

/**
 * Opens the config of every variant, each with a run folder of its own inside that of the config. Throws
 * AbtieError("config") for fewer than two variants, for two of one name, and for what is wrong in a config.
 */
export async function openVariants(
  options: VariantOptions,
  effects: Pick<Effects, "cwd" | "env">,
): Promise<{ readonly folder: string; readonly deadline: string | null; readonly variants: readonly Variant[] }> {
  const file = await findConfig(options.file, effects);
  const named = options.templates.length > 0 ? fromTemplates(options.templates) : await fromConfig(file, effects);
  // A config that cannot be used is explained before the lack of variants.
  const [first, second] = named;
  if (second === undefined) {
    await openConfig(
      file,
      [...options.environment, ...(first === undefined ? [] : [first[1]]), ...options.flags],
      effects,
    );
    throw new AbtieError(
      "config",
      `a comparison needs two variants or more, but there is ${first === undefined ? "none" : `only "${first[0]}"`}: ` +
        "give --template twice, or name them under `variants` in the config",
    );
  }
  let folder = "";
  let deadline: string | null = null;
  const variants: Variant[] = [];
  for (const [name, override] of named) {
    const config = await openConfig(file, [...options.environment, override, ...options.flags], effects);
    folder = config.runFolder;
    deadline = config.time.deadline;
    variants.push({ name, config: asVariant(config, name), sets: Object.keys(override.set) });
  }
  return { folder, deadline, variants };
}

type Named = readonly [name: string, override: Override];

function fromTemplates(templates: readonly string[]): readonly Named[] {
  const named = templates.map((template): Named => {
    const name = basename(template, ".jinja");
    return [name, { from: `--template ${template}`, set: { template } }];
  });
  const names = named.map(([name]) => name);
  const twice = names.find((name, place) => names.indexOf(name) !== place);
  if (twice === undefined) return named;
  throw new AbtieError(
    "config",
    `two templates are called "${twice}", and variants are called by their template's name: rename one, or name the ` +
      "variants under `variants` in the config",
  );
}

async function fromConfig(file: string | null, { cwd }: Pick<Effects, "cwd">): Promise<readonly Named[]> {
  return file === null ? [] : [...(await readVariants(resolve(cwd, file)))];
}

/** A comparison takes the time it needs, and what depends on time left would not be the same judge twice. */
function asVariant(config: Config, name: string): Config {
  const runFolder = join(config.runFolder, name);
  return {
    ...config,
    runFolder,
    output: join(runFolder, "submission.csv"),
    orders: config.orders === "auto" ? "one" : config.orders,
    time: { ...config.time, deadline: null, startedAt: null },
  };
}
