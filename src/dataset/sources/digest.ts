import { createHash } from "node:crypto";
import { explainFileError } from "../../files/explain.ts";
import type { OpenFile } from "./open-file.ts";
import type { FileDigest } from "./source.ts";

/** Computes the digest of a file from its bytes, in their order. */
export interface DigestBuilder {
  readonly add: (chunk: Buffer) => void;
  readonly digest: () => FileDigest;
}

/** Creates a builder. With a known digest it computes nothing and gives that digest. */
export function createDigest(known: FileDigest | null = null): DigestBuilder {
  if (known !== null) return { add: () => {}, digest: () => known };
  const hash = createHash("sha256");
  let bytes = 0;
  return {
    add: (chunk) => {
      hash.update(chunk);
      bytes += chunk.length;
    },
    digest: () => ({ sha256: hash.digest("hex"), bytes }),
  };
}

/** Reads a file from its beginning in pieces, and adds each of them to a digest. Rejects with the signal's reason when it aborts. */
export async function* readChunks(
  { handle }: Pick<OpenFile, "handle">,
  digest: DigestBuilder,
  { signal, chunkBytes = 1 << 16 }: { readonly signal?: AbortSignal | undefined; readonly chunkBytes?: number },
): AsyncGenerator<Buffer> {
  for await (const chunk of handle.createReadStream({ start: 0, autoClose: false, highWaterMark: chunkBytes })) {
    signal?.throwIfAborted();
    digest.add(chunk);
    yield chunk;
  }
}

/** Computes the digest of a whole file; that of the original for a converted one. */
export async function digestOf(file: OpenFile, signal: AbortSignal | undefined): Promise<FileDigest> {
  if (file.digest !== null) return file.digest;
  const digest = createDigest();
  try {
    for await (const _ of readChunks(file, digest, { signal }));
  } catch (error) {
    throw explainFileError("read", file.path, error);
  }
  return digest.digest();
}
