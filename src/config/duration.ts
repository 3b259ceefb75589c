import { z } from "zod";
import { parseDuration } from "../format.ts";

/** The schema of a duration in a config: a text such as "9h" or "1h30m", read as milliseconds. */
export const duration: z.ZodType<number, string> = z
  .string()
  .regex(/^\s*(\d+(\.\d+)?\s*(ms|s|m|h|d)\s*)+$/, 'expected a duration such as "30s", "10m", "1h30m"')
  .transform((text) => parseDuration(text) ?? 0)
  .meta({ description: 'A duration such as "30s", "10m", "1h30m".' });
