"""The folder of a training: begin it, continue it, and write the trained model into it."""

import json
import shutil
from pathlib import Path
from typing import Any

from judge_curve import read_curve
from merge_adapter import TOKENIZER_FILES

# A checkpoint with this file is whole: the file is written last.
MARK = "complete.json"
STATE = "state.json"


def open_folder(out: Path, recipe_file: Path, sha256: str, *, resume: bool) -> Path | None:
    """Make the folder of a training, or open it to continue; return the last whole checkpoint."""
    recipe = json.loads(recipe_file.read_text(encoding="utf-8"))
    kept = out / "recipe.json"
    # state.json is written last: a folder without it was cut off before anything was trained.
    if (out / STATE).exists():
        if not resume:
            raise SystemExit(f"{out} holds a training already: continue it with --resume, or name another folder")
        if json.loads(kept.read_text(encoding="utf-8")) != recipe:
            raise SystemExit(f"{out} was begun with another recipe ({kept}): use that one, or name another folder")
        if json.loads((out / STATE).read_text(encoding="utf-8"))["examplesSha256"] != sha256:
            raise SystemExit(f"{out} was begun with other examples: use those, or name another folder")
        return last_checkpoint(out)
    out.mkdir(parents=True, exist_ok=True)
    kept.write_text(json.dumps(recipe, indent=2) + "\n", encoding="utf-8")
    (out / STATE).write_text(json.dumps({"examplesSha256": sha256}) + "\n", encoding="utf-8")
    return None


def last_checkpoint(out: Path) -> Path | None:
    """Find the last whole checkpoint, and remove those that were cut off while they were written."""
    whole: list[Path] = []
    for each in sorted(out.glob("checkpoint-*"), key=step_of):
        if (each / MARK).exists():
            whole.append(each)
        else:
            shutil.rmtree(each, ignore_errors=True)
    return whole[-1] if len(whole) > 0 else None


def step_of(checkpoint: Path) -> int:
    """Read the step from the name of a checkpoint."""
    return int(checkpoint.name.rpartition("-")[2])


def write_final(trainer: Any, base: Path, out: Path) -> None:  # noqa: ANN401
    """Write the trained PEFT folder with the files of the tokenizer; it appears when it is whole."""
    final = out / "final"
    partial = out / "final.partial"
    if trainer.args.should_save:
        shutil.rmtree(partial, ignore_errors=True)
    trainer.save_model(str(partial))
    if not trainer.args.should_save:
        return
    (partial / "README.md").unlink(missing_ok=True)
    (partial / "training_args.bin").unlink(missing_ok=True)
    for name in TOKENIZER_FILES:
        if (base / name).exists():
            shutil.copyfile(base / name, partial / name)
    shutil.rmtree(final, ignore_errors=True)
    partial.rename(final)


def last_held_out(out: Path, step: int) -> dict[str, Any]:
    """Find the last evaluation in the curve, if it was made at this step."""
    found = [entry["held_out"] for entry in read_curve(out / "curve.jsonl") if "held_out" in entry]
    last = found[-1] if len(found) > 0 and found[-1]["step"] == step else {}
    return {name: last.get(name) for name in ("log_loss", "prior_log_loss")}


def write_card(out: Path, sha256: str, *, counts: tuple[int, int]) -> None:
    """Write README.md: what was trained on what, with which result."""
    recipe = json.loads((out / "recipe.json").read_text(encoding="utf-8"))
    curve = read_curve(out / "curve.jsonl")
    steps = [entry["progress"] for entry in curve if "progress" in entry]
    held_out = [entry["held_out"] for entry in curve if "held_out" in entry]
    shown = sorted({steps[round(part * (len(steps) - 1) / 10)]["step"] for part in range(11)}) if len(steps) > 0 else []
    lines = [
        f"# A judge trained over {Path(recipe['base']).name}",
        "",
        f"Head: {recipe['head']}. Trained: {counts[0]:,} of {counts[1]:,} parameters. The adapter is in `final/`.",
        "",
        f"Examples: sha256 {sha256}.",
        "",
        "| step | loss | learning rate |",
        "|---|---|---|",
        *(f"| {s['step']} of {s['of']} | {s['loss']:.4f} | {s['learning_rate']:.3g} |" for s in steps if s["step"] in shown),
        "",
        "Held-out rows, in nats; the prior is the share of each class in the rows that were trained on. Of answers: nats a token,"
        " and the share of tokens that the model finds most probable:",
        "",
        "| step | log loss | log loss of the prior | accuracy | label mass |",
        "|---|---|---|---|---|",
        *(
            f"| {h['step']} | {h['log_loss']:.4f} | {number(h['prior_log_loss'])} | {h['accuracy']:.4f} | {number(h['mass'])} |"
            for h in held_out
        ),
        "",
        "Recipe:",
        "",
        "```json",
        json.dumps(recipe, indent=2),
        "```",
        "",
    ]
    partial = out / "README.md.partial"
    partial.write_text("\n".join(lines), encoding="utf-8")
    partial.replace(out / "README.md")


def number(value: float | None) -> str:
    """Write a number that may be missing."""
    return "" if value is None else f"{value:.4f}"
