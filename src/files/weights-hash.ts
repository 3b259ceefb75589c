import { createHash, type Hash } from "node:crypto";
import { type FileHandle, open, readdir } from "node:fs/promises";
import { join } from "node:path";
import { allEnded } from "../all-ended.ts";

/** Bytes that are read of each tensor: 128 weights of 16 bits. */
const SAMPLE = 256;
/** Parts of a file whose tensors are not listed, of which a sample is read. */
const PARTS = 1_024;
/** Samples that are read at the same time. */
const AT_ONCE = 32;
/** The longest header that the format allows (bytes). */
const LONGEST_HEADER = 100_000_000;

/**
 * Computes a SHA-256 that tells the weights in a folder from others of the same shape, for example before and after a training: of names,
 * sizes and lists of tensors, and of SAMPLE bytes in the middle of each tensor. Reading all weights would take minutes. A change that
 * leaves these bytes as they are is not seen: of other weights of a tensor, or of other files. Null when the folder has no weights or they
 * cannot be read.
 * The layout of the files is that of https://huggingface.co/docs/safetensors.
 */
export async function weightsHash(folder: string): Promise<string | null> {
  const names = await readdir(folder).catch(() => []);
  const files = names.filter((name) => /\.(?:safetensors|gguf)$|^pytorch_model.*\.bin$/.test(name)).sort();
  if (files.length === 0) return null;
  const hash = createHash("sha256");
  try {
    for (const name of files) {
      await using handle = await open(join(folder, name), "r");
      await addFile(hash, name, handle);
    }
  } catch {
    return null;
  }
  return hash.digest("hex");
}

async function addFile(hash: Hash, name: string, handle: FileHandle): Promise<void> {
  const { size } = await handle.stat();
  const header = await readHeader(handle, size);
  hash.update(`${name}\n${size}\n`).update(header ?? "");
  const places =
    (header === null ? null : middlesOf(header)) ??
    Array.from({ length: PARTS }, (_, i) => Math.floor((i * size) / PARTS));
  for (let at = 0; at < places.length; at += AT_ONCE) {
    const samples = await allEnded(places.slice(at, at + AT_ONCE).map((place) => readAt(handle, place, SAMPLE)));
    for (const sample of samples) hash.update(sample);
  }
}

/** Reads the list of tensors at the start of a safetensors file; null when the file has none. */
async function readHeader(handle: FileHandle, size: number): Promise<Buffer | null> {
  const start = await readAt(handle, 0, 8);
  const length = start.length < 8 ? 0n : start.readBigUInt64LE();
  if (length === 0n || length > BigInt(Math.min(LONGEST_HEADER, size - 8))) return null;
  return readAt(handle, 8, Number(length));
}

/** Finds the middle of each tensor in the file, in bytes from its start; null when the header is not one. */
function middlesOf(header: Buffer): readonly number[] | null {
  let tensors: unknown;
  try {
    tensors = JSON.parse(header.toString("utf8"));
  } catch {
    return null;
  }
  const places = Object.values(Object(tensors)).map((tensor) => {
    const offsets: unknown = Object(tensor).data_offsets;
    if (!Array.isArray(offsets)) return null;
    const [from, to] = offsets.map(Number);
    return 8 + header.length + Math.max(from ?? 0, Math.floor(((from ?? 0) + (to ?? 0) - SAMPLE) / 2));
  });
  const known = places.filter((place) => place !== null && Number.isSafeInteger(place)).map(Number);
  return known.length === 0 ? null : known;
}

async function readAt(handle: FileHandle, position: number, length: number): Promise<Buffer> {
  const buffer = Buffer.alloc(length);
  const { bytesRead } = await handle.read(buffer, 0, length, position);
  return buffer.subarray(0, bytesRead);
}
