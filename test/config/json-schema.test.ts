import { expect, test } from "vitest";
import { configJsonSchema } from "../../src/config/json-schema.ts";

test("schema.json is what the config's own schema generates", async () => {
  await expect(configJsonSchema()).toMatchFileSnapshot("../../schema.json");
});
