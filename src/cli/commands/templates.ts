import type { ShippedTemplate } from "../../commands/templates.ts";
import { examples } from "../render/help-text.ts";
import { type AddCommand, printJson } from "./context.ts";
import { jsonOption } from "./options.ts";

/** Adds `abtie templates`. */
export const addTemplates: AddCommand = (program, context) => {
  program
    .command("templates")
    .summary("list the shipped templates, or print one of them")
    .description(
      "Lists the shipped templates with their labels. With a name, prints that template, so that it can be saved and changed.",
    )
    .argument("[name]", "template to print")
    .addOption(jsonOption())
    .addHelpText("after", examples(["abtie templates rules"]))
    .action(async (name: string | undefined, { json }: { readonly json?: boolean }) => {
      const { templates, templateText } = await import("../../commands/templates.ts");
      if (name !== undefined) {
        const text = await templateText(name);
        return json === true ? printJson(context, { name, text }) : context.print(text.trimEnd());
      }
      const listed = await templates();
      if (json === true) printJson(context, listed);
      else context.print(listed.map(renderTemplate).join("\n\n"));
    });
};

function renderTemplate({ name, description, format, labels }: ShippedTemplate): string {
  const shown = Object.values(labels).map((text) => JSON.stringify(text));
  return `${name} (${format}; labels ${shown.join(", ")})\n  ${description}`;
}
