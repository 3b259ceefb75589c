"""Import vLLM as its server would, and say in one line of JSON what was found.

Run as: python check_engine.py cpu|cuda

Exit status 0 when vLLM imports and runs on the platform that was asked for; otherwise the last line says what is wrong.
"""

import json
import platform
import sys


def main() -> None:
    wanted = sys.argv[1]
    import torch
    import vllm
    from vllm.platforms import current_platform

    # Loads the compiled part; on a CPU without the needed instructions the process dies here and not in the server.
    current_platform.import_kernels()
    found = "cuda" if current_platform.is_cuda() else "cpu" if current_platform.is_cpu() else current_platform.device_name
    if found != wanted:
        raise SystemExit(f"vLLM {vllm.__version__} took the platform {found!r}, expected {wanted!r}")
    if wanted == "cuda" and not torch.cuda.is_available():
        raise SystemExit(f"torch {torch.__version__} sees no GPU: is the driver new enough for CUDA {torch.version.cuda}?")
    print(
        json.dumps(
            {
                "vllm": vllm.__version__,
                "platform": found,
                "torch": torch.__version__,
                "python": platform.python_version(),
                "gpus": [torch.cuda.get_device_name(i) for i in range(torch.cuda.device_count())],
            }
        )
    )


if __name__ == "__main__":
    main()
