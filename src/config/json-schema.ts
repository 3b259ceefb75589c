import { z } from "zod";
import { configSchema } from "./schema.ts";

/** Generates the JSON schema of a config file, for editors; schema.json holds its text. */
export function configJsonSchema(): string {
  const schema = z.toJSONSchema(configSchema, { io: "input", target: "draft-2020-12" });
  return `${JSON.stringify(schema, null, 2)}\n`;
}
