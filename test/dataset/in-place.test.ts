import { expect, test } from "vitest";
import { sourceInPlace } from "../../src/dataset/sources/in-place.ts";
import type { OpenFile } from "../../src/dataset/sources/open-file.ts";

/** A file of ten bytes, each a record, whose byte 3 cannot be read. */
function tenRecords(checkUnchanged: () => Promise<void>) {
  const parsed: number[] = [];
  const file = {
    path: "rows",
    digest: null,
    readBytes: async ({ start }: { readonly start: number }) => {
      if (start === 3) throw new Error("EIO");
      return Buffer.from([start]);
    },
    checkUnchanged,
  } as unknown as OpenFile;
  const source = sourceInPlace(file, "line", {
    scan: () => Promise.reject(new Error("not asked")),
    parse: (records) => {
      parsed.push(records.length);
      return records.map(([byte]) => (byte === undefined ? null : [byte]));
    },
  });
  const readAll = () => Promise.allSettled(Array.from({ length: 10 }, (_, start) => source.read({ start, bytes: 1 })));
  return { parsed, readAll };
}

test("parses the records together that are asked for together, and only one that cannot be read fails", async () => {
  const { parsed, readAll } = tenRecords(async () => {});
  const read = await readAll();
  expect(parsed).toEqual([10]);
  for (const [start, one] of read.entries()) {
    if (start === 3) expect(one).toMatchObject({ status: "rejected", reason: { message: "EIO" } });
    else expect(one).toEqual({ status: "fulfilled", value: [start] });
  }
});

test("gives no record of a file that was changed, and reads again afterwards", async () => {
  let changed = true;
  const { readAll } = tenRecords(async () => {
    if (changed) throw new Error("changed");
  });
  expect((await readAll()).every((one) => one.status === "rejected")).toBe(true);
  changed = false;
  expect((await readAll()).filter((one) => one.status === "fulfilled")).toHaveLength(9);
});
