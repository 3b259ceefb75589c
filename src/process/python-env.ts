/**
 * Makes the environment variables of tools that are written in Python: those of the person, without the ones that would
 * install into another place or add other packages. Adds variables that make the output plain, prevent questions, and
 * forbid usage statistics and downloads from the model hub or of another Python.
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
