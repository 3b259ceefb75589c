import { expect, test } from "vitest";
import { z } from "zod";
import { configSchema } from "../../src/config/schema.ts";

test("schema.json, which editors use, is generated from the schema of the config", async () => {
  const schema = z.toJSONSchema(configSchema, { io: "input", target: "draft-2020-12" });
  await expect(`${JSON.stringify(schema, null, 2)}\n`).toMatchFileSnapshot("../../schema.json");
});
