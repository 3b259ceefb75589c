import { Secret } from "../secrets/secret.ts";
import type { Config } from "./config.ts";

/**
 * Gives a text that is the same for two configs with the same engine. It contains the secrets of the engine, because two
 * servers may differ only in a variable or a key, so it must not be shown.
 */
export function engineKey({ engine }: Pick<Config, "engine">): string {
  return JSON.stringify(engine, function reveal(this: Readonly<Record<string, unknown>>, key, value: unknown) {
    const written = this[key];
    return written instanceof Secret ? written.reveal() : value;
  });
}
