/**
 * Makes the environment of tools that are written in Python: the person's environment, without the variables that would
 * install into another place or add other packages, and with variables that make the tools print little and plain text
 * and keep them off the network.
 */
export function pythonEnv(env: Readonly<Record<string, string | undefined>>): Readonly<Record<string, string>> {
  const kept = Object.entries(env).filter(
    (entry): entry is [string, string] => entry[1] !== undefined && !DROPPED.has(entry[0]),
  );
  return { ...Object.fromEntries(kept), ...ADDED };
}

const DROPPED: ReadonlySet<string> = new Set([
  "PYTHONPATH",
  "PYTHONHOME",
  "PYTHONSTARTUP",
  "VIRTUAL_ENV",
  "CONDA_PREFIX",
  "PIP_TARGET",
  "PIP_PREFIX",
  "PIP_USER",
  "PIP_REQUIRE_VIRTUALENV",
  "UV_PYTHON",
  "UV_SYSTEM_PYTHON",
  "UV_TARGET",
  "UV_PREFIX",
  "UV_CONSTRAINT",
  "UV_OVERRIDE",
  "UV_REQUIRE_HASHES",
  "UV_TORCH_BACKEND",
  "UV_WORKING_DIR",
  "UV_PROJECT",
]);

const ADDED: Readonly<Record<string, string>> = {
  PYTHONNOUSERSITE: "1",
  PYTHONUNBUFFERED: "1",
  PIP_DISABLE_PIP_VERSION_CHECK: "1",
  PIP_NO_INPUT: "1",
  // Without this setting uv downloads its own Python, from a site that is not a package registry.
  UV_PYTHON_DOWNLOADS: "never",
  NO_COLOR: "1",
  HF_HUB_OFFLINE: "1",
  VLLM_NO_USAGE_STATS: "1",
};
