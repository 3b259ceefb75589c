import { open } from "node:fs/promises";

/** Largest size in bytes of a file that people write by hand. */
export const SMALL_FILE = 4_000_000;

/**
 * Reads a text file that a person writes by hand, such as a config. Throws an error with the code EFBIG when the file is
 * larger than SMALL_FILE, or has no end as a device has none, and the errors of the system.
 */
export async function readSmallFile(path: string): Promise<string> {
  const file = await open(path, "r");
  try {
    const buffer = Buffer.alloc(SMALL_FILE + 1);
    let length = 0;
    for (;;) {
      const { bytesRead } = await file.read(buffer, length, buffer.length - length);
      length += bytesRead;
      if (length > SMALL_FILE) throw tooLarge();
      if (bytesRead === 0) return buffer.toString("utf8", 0, length);
    }
  } finally {
    await file.close();
  }
}

function tooLarge(): Error {
  const error = new Error(`it is larger than ${SMALL_FILE / 1_000_000} MB`);
  return Object.assign(error, { code: "EFBIG" });
}
