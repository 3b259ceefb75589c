import { Secret } from "../secrets/secret.ts";
import type { Config } from "./config.ts";
import { NO_KEY } from "./normalize.ts";

/** Lists the secrets of a config: the key, the secret parts of addresses, and the variables and arguments of servers. */
export function secretsOf({ engine }: Pick<Config, "engine">): readonly Secret[] {
  const key = engine.apiKey.reveal() === NO_KEY ? [] : [engine.apiKey];
  if (engine.kind === "attach") return [...key, ...engine.access.flatMap(({ secrets }) => secrets)];
  return [...key, ...engine.args.filter((arg) => arg instanceof Secret), ...Object.values(engine.env)];
}
