"""Import vLLM as its server does, and print what it runs on as one line of JSON.

Run as: python check_engine.py cpu|cuda    (with the interpreter of the environment that holds vLLM)

Exit status 0 if vLLM can be imported and runs on the platform that was asked for. Otherwise the last line of the output
says what is wrong.
"""

import argparse
import json
import platform


def main() -> None:
    """Check the platform that the command line names."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("platform", choices=["cpu", "cuda"], help="the platform that vLLM must run on")
    print(json.dumps(check(parser.parse_args().platform)))


def check(wanted: str) -> dict[str, object]:
    """Return the versions and GPUs that vLLM runs with; exit with a message if its platform is not the wanted one."""
    import torch
    import vllm
    from vllm.platforms import current_platform

    # Loads the compiled part: on a processor without the needed instructions, this process dies here, and not the server later.
    current_platform.import_kernels()
    found = "cuda" if current_platform.is_cuda() else "cpu" if current_platform.is_cpu() else current_platform.device_name
    if found != wanted:
        raise SystemExit(f"vLLM {vllm.__version__} took the platform {found!r}, expected {wanted!r}")
    if wanted == "cuda" and not torch.cuda.is_available():
        raise SystemExit(f"torch {torch.__version__} sees no GPU: is the driver new enough for CUDA {torch.version.cuda}?")
    return {
        "vllm": vllm.__version__,
        "platform": found,
        "torch": torch.__version__,
        "python": platform.python_version(),
        "gpus": [torch.cuda.get_device_name(i) for i in range(torch.cuda.device_count())],
    }


if __name__ == "__main__":
    main()
