import { describe, expect, test } from "vitest";
import { createOutputReader } from "../../src/process/tool-output.ts";
import { summarizeLine } from "../../src/setup/step.ts";

describe("the output of a tool", () => {
  test("is shown by its last telling line, without colours, packages and warnings", () => {
    const output = createOutputReader(summarizeLine);
    output.add("\u001b[2mResolved 171 packages\u001b[0m\nDownloading to");
    expect(output.current()).toBe("Resolved 171 packages");
    output.add("rch (502.2MiB)\n + torch==2.13.0\nFutureWarning: x\n");
    expect(output.current()).toBe("Downloading torch (502.2MiB)");
    expect(output.tail()).toEqual([
      "Resolved 171 packages",
      "Downloading torch (502.2MiB)",
      " + torch==2.13.0",
      "FutureWarning: x",
    ]);
  });

  test("is shortened to the share of a progress bar, which ends its lines with carriage returns", () => {
    const output = createOutputReader(summarizeLine);
    output.add("Loading weights:   0%|      | 0/272 [00:00<?]\rLoading weights:  12%|█▏    | 32/272 [00:00<00:04]\r");
    expect(output.current()).toBe("Loading weights 12%");
  });

  test("keeps the last 200 lines, the unfinished one among them", () => {
    const output = createOutputReader(summarizeLine);
    for (let i = 0; i < 1000; i++) output.add(`line ${i}\n`);
    output.add("unfinished");
    expect(output.tail()).toHaveLength(201);
    expect(output.tail().slice(-2)).toEqual(["line 999", "unfinished"]);
  });
});
