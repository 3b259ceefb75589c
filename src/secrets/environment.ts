import { Secret } from "./secret.ts";
import { partsOfUrl } from "./url.ts";

/** The environment variables whose values are secret as a whole. */
const KEYS = /^(?:OPENAI_API_KEY|.*_(?:API_KEY|TOKEN|SECRET|PASSWORD)|HF_TOKEN|HUGGING_FACE_HUB_TOKEN)$/i;
/** The environment variables with addresses that may contain a name, a password or a query. */
const ADDRESSES = /^(?:OPENAI_BASE_URL|https?_proxy|all_proxy|(?:pip|uv)_.*(?:index|links).*)$/i;

/** Lists the secrets in the variables of an environment. */
export function secretsOfEnvironment(env: Readonly<Record<string, string | undefined>>): readonly Secret[] {
  return Object.entries(env).flatMap(([name, value]) => {
    if (value === undefined || value === "") return [];
    if (KEYS.test(name)) return [new Secret(value), new Secret(value.trim())];
    return ADDRESSES.test(name) ? value.split(/[\s,]+/).flatMap((address) => partsOfUrl(address).secrets) : [];
  });
}
