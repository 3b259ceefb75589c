import { dirname, resolve } from "node:path";
import { isRecord } from "../files/json-shape.ts";
import { readSmallFile } from "../files/read-small-file.ts";
import { parseYaml } from "./document.ts";
import type { Override } from "./merge.ts";
import { isTemplatePath } from "./normalize.ts";
import type { WrittenVariant } from "./schema.ts";

/**
 * Reads the overrides of each variant in a config file, by the variant's name; relative paths are resolved against the
 * folder of the file. This function checks nothing: loading the config with an override reports the problems and their
 * positions.
 */
export async function readVariants(file: string): Promise<ReadonlyMap<string, Override>> {
  const text = await readSmallFile(file).catch(() => "");
  const { value } = parseYaml(text, file);
  const written = isRecord(value) ? value["variants"] : null;
  if (!isRecord(written)) return new Map();
  return new Map(
    Object.entries(written).flatMap(([name, variant]) => {
      if (!isRecord(variant)) return [];
      const set: WrittenVariant = withPaths(variant, dirname(file));
      return [[name, { from: `${file}, variants.${name}`, set }]];
    }),
  );
}

function withPaths(variant: WrittenVariant, base: string): WrittenVariant {
  const { template, calibration } = variant;
  const isFile = typeof template === "string" && isTemplatePath(template);
  return {
    ...variant,
    ...(isFile ? { template: resolve(base, template) } : {}),
    ...(typeof calibration === "string" ? { calibration: resolve(base, calibration) } : {}),
  };
}
