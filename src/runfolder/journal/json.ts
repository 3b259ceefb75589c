import { z } from "zod";

/** Parses JSON; undefined when the text is none. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Reads a log probability (nats); JSON has no -Infinity, so JSON.stringify wrote null for it. */
export const logProbSchema: z.ZodType<number> = z
  .number()
  .nullable()
  .transform((value) => value ?? Number.NEGATIVE_INFINITY);
