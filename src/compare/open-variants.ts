import { basename, join, resolve } from "node:path";
import type { Config } from "../config/config.ts";
import type { JudgeChoice } from "../config/judges.ts";
import type { Override } from "../config/merge.ts";
import { readVariants } from "../config/variants.ts";
import type { Effects } from "../effects.ts";
import { AbtieError } from "../errors.ts";
import { findConfig, openConfig } from "../job/open-config.ts";

/** One of the variants that are compared. */
export interface Variant {
  readonly name: string;
  readonly config: Config;
  /** The keys of the config that the variant replaces. */
  readonly sets: readonly string[];
}

export interface VariantOptions {
  /** The config file; null if the config comes from flags alone. */
  readonly file: string | null;
  /** Templates that the command line gives. They replace the variants of the config. */
  readonly templates: readonly string[];
  /** Overrides that a variant may replace, and overrides that hold for every variant. */
  readonly environment: readonly Override[];
  readonly flags: readonly Override[];
}

/** A comparison and a run with the same config have files of the same names, so their usual folders differ. */
const RUN_SUFFIX = "-compare";

/**
 * Opens the config of every variant. Each variant gets its own run folder inside that of the config. Throws
 * AbtieError("config") for fewer than two variants, for two variants with the same name, and for the problems of a
 * config.
 */
export async function openVariants(
  options: VariantOptions,
  effects: Pick<Effects, "cwd" | "env" | "redactor" | "log">,
): Promise<{
  readonly folder: string;
  readonly deadline: string | null;
  readonly variants: readonly [Variant, ...Variant[]];
}> {
  const file = await findConfig(options.file, effects);
  const named = options.templates.length > 0 ? fromTemplates(options.templates) : await fromConfig(file, effects);
  const open = (overrides: readonly Override[], onChosen?: JudgeChoice["onChosen"]): Promise<Config> =>
    openConfig(file, [...options.environment, ...overrides, ...options.flags], effects, {
      runSuffix: RUN_SUFFIX,
      choice: { name: null, onChosen },
    });
  const [first, second] = named;
  if (first === undefined || second === undefined) {
    // If the config has a mistake, the mistake is reported instead of the missing variants.
    await open(first === undefined ? [] : [first.override]);
    throw new AbtieError(
      "config",
      `a comparison needs two variants or more, but there is ${first === undefined ? "none" : `only "${first.name}"`}: ` +
        "give --template twice, or name them under `variants` in the config",
    );
  }
  const config = await open([first.override], (asked, other) =>
    effects.log("info", `the variants are those of the first of two judges, ${asked}; ${other} is not asked`),
  );
  const variants: [Variant, ...Variant[]] = [asVariant(config, first)];
  for (const other of named.slice(1)) variants.push(asVariant(await open([other.override]), other));
  refuseMixedClasses(variants);
  return { folder: config.runFolder, deadline: config.time.deadline, variants };
}

/** A log loss over two classes and one over three answer different questions, so that their difference means nothing. */
function refuseMixedClasses(variants: readonly Variant[]): void {
  const nameOf = (count: number): string => {
    const names = variants.flatMap(({ name, config }) => (config.classes.length === count ? [`"${name}"`] : []));
    return names.join(", ");
  };
  const [two, three] = [nameOf(2), nameOf(3)];
  if (two === "" || three === "") return;
  throw new AbtieError(
    "config",
    `${two} judges without ties and ${three} with them, so that their scores measure different things: compare templates ` +
      "that all have a label for the tie, or none. A copy of a template without its tie is such a template",
  );
}

interface NamedOverride {
  readonly name: string;
  readonly override: Override;
}

function fromTemplates(templates: readonly string[]): readonly NamedOverride[] {
  const named = templates.map((template) => ({
    name: basename(template, ".jinja"),
    override: { from: `--template ${template}`, set: { template } },
  }));
  const names = named.map(({ name }) => name);
  const duplicate = names.find((name, index) => names.indexOf(name) !== index);
  if (duplicate === undefined) return named;
  throw new AbtieError(
    "config",
    `two templates are called "${duplicate}", and variants are called by their template's name: rename one, or name the ` +
      "variants under `variants` in the config",
  );
}

async function fromConfig(file: string | null, { cwd }: Pick<Effects, "cwd">): Promise<readonly NamedOverride[]> {
  if (file === null) return [];
  return [...(await readVariants(resolve(cwd, file)))].map(([name, override]) => ({ name, override }));
}

/**
 * Removes the deadline and the choice of orders from a config, because a judge that depends on the remaining time would
 * give other answers each time.
 */
function asVariant(config: Config, { name, override }: NamedOverride): Variant {
  const runFolder = join(config.runFolder, name);
  return {
    name,
    config: {
      ...config,
      runFolder,
      output: join(runFolder, "submission.csv"),
      outputForm: { kind: "submission", gzip: false, columns: [] },
      orders: config.orders === "auto" ? "one" : config.orders,
      time: { ...config.time, deadline: null, startedAt: null },
    },
    sets: Object.keys(override.set),
  };
}
