import { Secret } from "../../secrets/secret.ts";

/** An engine profile with all values filled in: the server to start, and the longest time to wait for it. */
export interface SpawnSpec {
  readonly command: string;
  /** The arguments; they may contain the placeholders {model}, {host}, {port} and {served_model_name}. */
  readonly args: readonly (string | Secret)[];
  readonly env: Readonly<Record<string, Secret>>;
  /** Longest time in ms between the start of the process and the moment when it is ready. */
  readonly readyMs: number;
  /** Folder of the model, or the model's name. */
  readonly model: string;
  /** Only this machine can reach this address, so the server needs no key. */
  readonly host: "127.0.0.1";
  /** The port; null: any free port is used. */
  readonly port: number | null;
  /** Time in ms between SIGTERM and SIGKILL when the server is stopped. */
  readonly stopGraceMs: number;
}

/**
 * Fills the placeholders of a profile's arguments. Appends the host, the port and the name under which the server must
 * list its model, unless the profile contains them, because abtie depends on all three.
 */
export function serverArguments(spec: SpawnSpec, port: number, servedModelName: string): readonly string[] {
  const values: Readonly<Record<string, string>> = {
    model: spec.model,
    host: spec.host,
    port: String(port),
    served_model_name: servedModelName,
  };
  const filled = spec.args.map((arg) =>
    (arg instanceof Secret ? arg.reveal() : arg).replace(
      /\{(model|host|port|served_model_name)\}/g,
      (_, key) => values[key] ?? "",
    ),
  );
  const has = (flag: string): boolean => filled.some((arg) => arg === flag || arg.startsWith(`${flag}=`));
  return [
    ...filled,
    ...(has("--host") ? [] : ["--host", spec.host]),
    ...(has("--port") ? [] : ["--port", String(port)]),
    ...(has("--served-model-name") ? [] : ["--served-model-name", servedModelName]),
  ];
}
