import { mkdtemp, rename, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { weightsHash } from "../../src/files/weights-hash.ts";

/** Three tensors of 16-bit weights, in a file of the safetensors layout. */
const SIZES = { body: 200_000, small: 8, head: 6_000 };

/** Writes a model whose tensors consist of one byte each, those of `values` in place of 1. */
async function model(values: Partial<Record<keyof typeof SIZES, number>>, name = "model.safetensors"): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "weights-"));
  let end = 0;
  const header = Object.fromEntries(
    Object.entries(SIZES).map(([tensor, size]) => {
      end += size;
      return [tensor, { dtype: "BF16", shape: [size / 2], data_offsets: [end - size, end] }];
    }),
  );
  const text = Buffer.from(JSON.stringify({ __metadata__: { format: "pt" }, ...header }));
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(text.length));
  const tensors = Object.entries(SIZES).map(([tensor, size]) =>
    Buffer.alloc(size, values[tensor as keyof typeof SIZES] ?? 1),
  );
  await writeFile(join(folder, name), Buffer.concat([length, text, ...tensors]));
  return folder;
}

test.each(Object.keys(SIZES))(
  "another tensor of the same shape gives another hash, even if only one differs: %s",
  async (tensor) => {
    expect(await weightsHash(await model({ [tensor]: 2 }))).not.toBe(await weightsHash(await model({})));
  },
);

test("the same weights in another folder give the same hash", async () => {
  expect(await weightsHash(await model({}))).toBe(await weightsHash(await model({})));
});

test.each(["model.gguf", "pytorch_model.bin"])("a file without a list of tensors is sampled: %s", async (name) => {
  const [one, other] = [await model({ body: 1 }), await model({ body: 2 })];
  const files = await Promise.all(
    [one, other].map(async (folder) => {
      await rename(join(folder, "model.safetensors"), join(folder, name));
      await writeFile(join(folder, name), Buffer.alloc(50_000, folder === one ? 3 : 4));
      return weightsHash(folder);
    }),
  );
  expect(files[0]).not.toBe(files[1]);
});

test.each([0, 4, 8, 2_000])("a file of %i bytes, cut off or empty, gives a hash and no error", async (size) => {
  const folder = await model({});
  await writeFile(join(folder, "model.safetensors"), Buffer.alloc(size, 0xff));
  expect(await weightsHash(folder)).toMatch(/^[0-9a-f]{64}$/);
});

test("a folder without weights, or none, has no hash", async () => {
  expect(await weightsHash(await mkdtemp(join(tmpdir(), "weights-")))).toBeNull();
  expect(await weightsHash("/nowhere")).toBeNull();
});
