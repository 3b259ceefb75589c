import { join } from "node:path";
import { AbtieError } from "../errors.ts";
import { readSmallFile } from "../files/read-small-file.ts";
import { SHIPPED_TEMPLATES } from "../job/open-config.ts";
import { listTemplates, loadTemplate, type Template } from "../prompt/template/template.ts";
import { classesOfLabels } from "../prompt/template/variables.ts";
import type { ClassName } from "../types.ts";

/** A shipped template, as a list of templates shows it. */
export interface ShippedTemplate {
  readonly name: string;
  readonly description: string;
  readonly format: Template["format"];
  /** The text of each label; the first one where a label has several. A template without ties has no label for one. */
  readonly labels: Readonly<Partial<Record<ClassName, string>>>;
}

/** Lists the shipped templates by name. */
export async function templates(): Promise<readonly ShippedTemplate[]> {
  const names = await listTemplates(SHIPPED_TEMPLATES);
  return Promise.all(
    names.map(async (name) => {
      const { description, format, labels } = await loadTemplate(pathOf(name));
      const first = classesOfLabels(labels).map((label) => [label, labels[label]?.[0] ?? ""]);
      return { name, description, format, labels: Object.fromEntries(first) };
    }),
  );
}

/** Returns the text of a shipped template. Throws AbtieError("config") with the names of all when there is none. */
export async function templateText(name: string): Promise<string> {
  const names = await listTemplates(SHIPPED_TEMPLATES);
  if (names.includes(name)) return readSmallFile(pathOf(name));
  throw new AbtieError(
    "config",
    `no shipped template is called ${JSON.stringify(name)}; they are called ${names.join(", ")}. Name one of them.`,
  );
}

function pathOf(name: string): string {
  return join(SHIPPED_TEMPLATES, `${name}.jinja`);
}
