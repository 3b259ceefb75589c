import type { Dataset } from "../dataset/open-dataset.ts";
import type { Effects } from "../effects.ts";
import { packageVersion } from "../job/package-version.ts";
import { pinDate } from "../job/pin-date.ts";
import { loadTemplate } from "../prompt/template/template.ts";
import { refuseOtherRun } from "../runfolder/manifest/check-manifest.ts";
import { refuseForeignOutput } from "../runfolder/ownership.ts";
import type { Variant } from "./open-variants.ts";

/**
 * Call this before a folder is made for any variant: a later variant that is refused must leave no folder of an earlier
 * one. Throws AbtieError("config") for a template that is wrong, and for a variant whose folder or submission belongs to
 * another run.
 */
export async function refuseVariants(
  variants: readonly [Variant, ...Variant[]],
  options: { readonly dataset: Dataset; readonly force: boolean; readonly fresh: boolean; readonly effects: Effects },
): Promise<void> {
  const { force, effects } = options;
  const version = await packageVersion();
  for (const { config } of await dateVariants(variants, options)) {
    if (!force) await refuseForeignOutput(config, effects.disk);
    const template = await loadTemplate(config.template, config.labels, options.dataset);
    await refuseOtherRun({ ...options, config, template, version });
  }
}

/** Gives all variants the same day for their prompts, also those that an earlier session did not have. */
export async function dateVariants(
  variants: readonly [Variant, ...Variant[]],
  { fresh, effects }: { readonly fresh: boolean; readonly effects: Effects },
): Promise<readonly [Variant, ...Variant[]]> {
  const folders = fresh ? [] : variants.map(({ config }) => config.runFolder);
  const { date } = await pinDate(variants[0].config, folders, effects);
  const dated = (variant: Variant): Variant => ({ ...variant, config: { ...variant.config, date } });
  const [first, ...others] = variants;
  return [dated(first), ...others.map(dated)];
}
