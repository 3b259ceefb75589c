import { z } from "zod";
import { AbtieError } from "../../errors.ts";
import { writeAtomic } from "../../files/atomic.ts";
import { type Disk, nodeDisk } from "../../files/disk.ts";
import { meansMissing } from "../../files/exists.ts";
import { explainFileError } from "../../files/explain.ts";
import { parseJson } from "../../files/json-lines.ts";
import { schemaProblems } from "../../files/schema-problem.ts";
import { type ModelIdentity, modelIdentitySchema } from "./model-identity.ts";

export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };

/**
 * The settings and inputs of a run. They are complete enough to decide later whether the run's answers are still valid.
 */
export interface Manifest {
  /** Version of the manifest's format. */
  readonly format: typeof MANIFEST_FORMAT;
  /** Time at which the manifest was first written, ISO 8601, UTC. */
  readonly createdAt: string;
  /** Version of each program by name: abtie, node, engine. */
  readonly versions: Readonly<Record<string, string>>;
  /** The config as the program uses it. */
  readonly config: Json;
  /** SHA-256 (hex) of each input by name: data, ids, template, model files. */
  readonly hashes: Readonly<Record<string, string>>;
  readonly rows: number;
  /** The texts of each label, by class. */
  readonly labels: Json;
  /** The method that the config sets for asking the engine for label probabilities. */
  readonly method: string;
  /** The model that gave the answers of the run; null before the first engine was ready. */
  readonly model: ModelIdentity | null;
}

/** Format 2 added `model` to format 1. A manifest of format 1 is read too, and its model is filled in when an engine is ready. */
export const MANIFEST_FORMAT = 2;

const json: z.ZodType<Json> = z.lazy(() =>
  z.union([z.null(), z.boolean(), z.number(), z.string(), z.array(json), z.record(z.string(), json)]),
);

const common = {
  createdAt: z.string(),
  versions: z.record(z.string(), z.string()),
  config: json,
  hashes: z.record(z.string(), z.string()),
  rows: z.int().nonnegative(),
  labels: json,
  method: z.string(),
};

const manifestSchema: z.ZodType<Manifest> = z.discriminatedUnion("format", [
  z.strictObject({ format: z.literal(MANIFEST_FORMAT), ...common, model: modelIdentitySchema.nullable() }),
  z
    .strictObject({ format: z.literal(1), ...common })
    .transform((old): Manifest => ({ ...old, format: MANIFEST_FORMAT, model: null })),
]);

/** Writes a manifest in one step. Throws AbtieError("data") when the file cannot be written. */
export async function writeManifest(path: string, manifest: Manifest, disk?: Disk): Promise<void> {
  await writeAtomic(path, `${JSON.stringify(manifest, null, 2)}\n`, disk, "owner");
}

/**
 * Reads a manifest; null when the file does not exist. Throws AbtieError("data") when the file is not a manifest of
 * this format.
 */
export async function readManifest(path: string, disk: Disk = nodeDisk): Promise<Manifest | null> {
  const text = await readText(path, disk);
  if (text === null) return null;
  const result = manifestSchema.safeParse(parseJson(text));
  if (result.success) return result.data;
  throw new AbtieError(
    "data",
    `${path}: expected the manifest of a run, format 1 or ${MANIFEST_FORMAT}. The file was damaged, or another version of abtie wrote it: ` +
      "use that version, or start a new run.",
    { details: schemaProblems(result.error.issues) },
  );
}

async function readText(path: string, disk: Disk): Promise<string | null> {
  try {
    return await disk.readFile(path, "utf8");
  } catch (error) {
    if (meansMissing(error)) return null;
    throw explainFileError("read", path, error);
  }
}
