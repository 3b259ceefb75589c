import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { isTemplatePath } from "./normalize.ts";
import { type Objection, suggestion } from "./problems.ts";

/** Checks that a template that is named without a path is a shipped one; `prompts/` of the package holds them. */
export async function checkTemplateName(
  name: string | undefined,
  { packageRoot }: { readonly packageRoot: string },
): Promise<readonly Objection[]> {
  if (name === undefined || isTemplatePath(name)) return [];
  const names = (await readdir(join(packageRoot, "prompts"))).flatMap((file) => /^(.*)\.jinja$/.exec(file)?.[1] ?? []);
  if (names.includes(name)) return [];
  const message = `is not a shipped template: "${name}"${suggestion(name, names)}, or give the path of a .jinja file`;
  return [{ path: ["template"], message }];
}
