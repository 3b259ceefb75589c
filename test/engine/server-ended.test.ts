import { expect, test } from "vitest";
import { serverEnded } from "../../src/engine/life/server-ended.ts";

test("the end of a server is reported although its log was removed", async () => {
  const missing = (): Promise<never> => Promise.reject(Object.assign(new Error("gone"), { code: "ENOENT" }));
  const log = { path: "/run/server.log", newLines: missing, lines: missing };
  await expect(serverEnded(137, log, "while it was in use")).resolves.toMatchObject({
    code: "engine",
    message: expect.stringContaining("The server ended while it was in use (killed by signal 9)."),
    details: ["Log: /run/server.log"],
  });
});
