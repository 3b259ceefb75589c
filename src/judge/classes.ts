import type { Config } from "../config/config.ts";
import { AbtieError } from "../errors.ts";
import { readTemplateHead } from "../prompt/template/template.ts";
import { classesOfLabels } from "../prompt/template/variables.ts";
import type { Classes } from "../types.ts";

/**
 * Finds the classes between which the judge of a config chooses, before the judge is made: those for which the config has
 * label texts, else those of its template. Null when the template cannot be read; the error comes when it is loaded.
 */
export async function findClasses({ labels, template }: Pick<Config, "labels" | "template">): Promise<Classes | null> {
  if (labels !== null) return classesOfLabels(labels);
  try {
    return classesOfLabels((await readTemplateHead(template)).labels);
  } catch (error) {
    if (error instanceof AbtieError) return null;
    throw error;
  }
}
