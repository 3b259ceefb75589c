"""A training on a tiny random model on the CPU: its losses, its files, and that a killed one continues as if it was not."""

import hashlib
import json
import os
import signal
import subprocess
import sys
from array import array
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file
from transformers import AutoModelForCausalLM, Gemma2Config, LlamaConfig

from judge_examples import Collator, Data, Example
from judge_heads import answer_scores, mean_answer_loss
from judge_model import load_judge
from judge_pace import STEPS_OF_MEAN, has_diverged, time_to_end
from judge_recipe import read_recipe
from train_judge import main

# One thread: so small a model is slower with more of them.
os.environ.update(CUDA_VISIBLE_DEVICES="", OMP_NUM_THREADS="1")

PROGRAM = Path(__file__).parents[1] / "train_judge.py"
STEPS = 12


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("base")
    torch.manual_seed(0)
    config = LlamaConfig(
        vocab_size=64,
        hidden_size=32,
        intermediate_size=64,
        num_hidden_layers=2,
        num_attention_heads=4,
        num_key_value_heads=2,
        max_position_embeddings=64,
        initializer_range=0.3,  # else the frozen output layer cannot say anything with confidence
        pad_token_id=0,
        eos_token_id=1,
    )
    AutoModelForCausalLM.from_config(config).save_pretrained(folder)
    (folder / "tokenizer.json").write_text("{}")
    return folder


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Rows whose class can be read from one token: 10, 11 or 12 for a, b and tie; both orders."""
    folder = tmp_path_factory.mktemp("data")
    generator = torch.Generator().manual_seed(1)
    lines = []
    for row in range(60):
        kind = row % 3
        filler = torch.randint(20, 60, (int(torch.randint(3, 12, (1,), generator=generator)),), generator=generator).tolist()
        for order in ("ab", "ba"):
            shown = kind if order == "ab" or kind == 2 else 1 - kind
            target = [float(shown == each) for each in range(3)]
            ids = [*filler, 10 + shown, 5]
            lines.append(
                {"id": str(row), "row": row, "order": order, "fold": row % 5, "group": row, "ids": ids}
                | {"target": target, "weight": 1, "cut": 0}
            )
    write_data(folder, lines)
    return folder


def write_data(folder: Path, lines: list[dict[str, Any]], **changes: object) -> None:
    folder.mkdir(exist_ok=True)
    content = "".join(f"{json.dumps(line)}\n" for line in lines).encode()
    (folder / "examples.jsonl").write_bytes(content)
    about = {"format": 1, "classes": ["a", "b", "tie"], "labels": {"a": [2], "b": [3], "tie": [4]}, "eos": 1, "pad": 0}
    (folder / "data.json").write_text(json.dumps(about | {"examplesSha256": hashlib.sha256(content).hexdigest()} | changes))


def write_chats(folder: Path) -> None:
    """Chats whose answer names the token 10, 11 or 12 of the prompt by 2, 3 or 4, and ends with 1."""
    generator = torch.Generator().manual_seed(2)
    lines = []
    for row in range(60):
        filler = torch.randint(20, 60, (int(torch.randint(3, 12, (1,), generator=generator)),), generator=generator).tolist()
        ids = [*filler, 10 + row % 3, 5, 2 + row % 3, 1]
        lines.append(
            {"id": str(row), "row": row, "order": "ab", "fold": row % 5, "group": row, "ids": ids}
            | {"answer": len(ids) - 2, "target": [], "weight": 1, "cut": 0}
        )
    write_data(folder, lines, head="answer", classes=[], labels=None)


def recipe(base: Path, **changes: object) -> dict[str, Any]:
    training = {
        "epochs": 2,
        "batch": 16,
        "accumulation": 1,
        "learning_rate": 5e-3,
        "schedule": "linear",
        "warmup": 0.1,
        "optimizer": "adamw_torch",
        "weight_decay": 0,
        "max_grad_norm": 1,
        "precision": "fp32",
        "padding": "right",
        "group_by_length": False,
        "seed": 3,
        "evaluate_every": 6,
        "save_every": 4,
        "eval_batch": 8,
        "tensorboard": False,
    }
    lora = {"r": 4, "alpha": 8, "dropout": 0.1, "targets": "all-linear", "layers": None, "bias": "none"}
    load = {
        "bits": 32,
        "quant": "nf4",
        "double": True,
        "compute": "float32",
        "attention": "eager",
        "checkpointing": False,
        "shard": False,
    }
    parts: dict[str, Any] = {
        "base": str(base),
        "head": "classifier",
        "loss": "vocabulary",
        "data": {"folds": {"by": "prompt", "count": 5, "held_out": 0}},
        "lora": lora,
        "load": load,
        "training": training,
    }
    for name, value in changes.items():
        place = next((part for part in (training, lora, load) if name in part), parts)
        place[name] = value
    return parts


def command(tmp: Path, data: Path, made: dict[str, Any], *more: str) -> list[str]:
    (tmp / "recipe.json").write_text(json.dumps(made))
    return [sys.executable, str(PROGRAM), str(data), str(tmp / "recipe.json"), str(tmp / "out"), *more]


@dataclass
class Result:
    """How a run in this process ended."""

    returncode: int
    stdout: str
    stderr: str


@dataclass
class Place:
    """What a training needs: a base model, examples, and a folder for the rest."""

    base: Path
    data: Path
    tmp: Path


@pytest.fixture
def place(base: Path, data: Path, tmp_path: Path) -> Place:
    return Place(base, data, tmp_path)


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[list[str]], Result]]:
    """Run the program in this process: a process of its own takes long to load the libraries."""
    handlers = {each: signal.getsignal(each) for each in (signal.SIGTERM, signal.SIGINT)}

    def start(words: list[str]) -> Result:
        monkeypatch.setattr(sys, "argv", words[1:])
        capsys.readouterr()
        with pytest.raises(SystemExit) as end:
            main()
        output = capsys.readouterr()
        if isinstance(end.value.code, str):
            return Result(1, output.out, end.value.code)
        return Result(int(end.value.code or 0), output.out, output.err)

    yield start
    for each, handler in handlers.items():
        signal.signal(each, handler)


Run = Callable[[list[str]], Result]


def start_until(words: list[str], *, step: int) -> "subprocess.Popen[str]":
    """Start a training, and return it when it has reported a step."""
    process = subprocess.Popen(words, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    for line in process.stdout:
        if json.loads(line).get("progress", {}).get("step") == step:
            break
    return process


def curve(out: Path, kind: str = "progress") -> list[dict[str, Any]]:
    entries = [json.loads(line) for line in (out / "curve.jsonl").read_text().splitlines()]
    return [entry[kind] for entry in entries if kind in entry]


def losses(out: Path) -> list[tuple[int, float, float]]:
    return [(each["step"], each["loss"], each["learning_rate"]) for each in curve(out)]


@pytest.mark.parametrize("changes", [{}, {"head": "label"}, {"head": "label", "loss": "labels", "group_by_length": True}])
def test_both_heads_learn_and_leave_a_whole_folder(run: Run, place: Place, changes: dict[str, Any]) -> None:
    result = run(
        command(
            place.tmp, place.data, recipe(place.base, epochs=25, learning_rate=2e-2, save_every=0, evaluate_every=0, **changes)
        )
    )
    assert result.returncode == 0, result.stderr[-2000:]
    out = place.tmp / "out"
    done = json.loads(result.stdout.splitlines()[-1])["done"]
    assert (done["step"], done["of"], done["stopped"]) == (150, 150, None)
    assert done["log_loss"] < 0.3
    assert done["prior_log_loss"] > 1.0
    files = {each.name for each in (out / "final").iterdir()}
    assert files == {"adapter_config.json", "adapter_model.safetensors", "tokenizer.json"}
    scored = [json.loads(line) for line in (out / "held_out.jsonl").read_text().splitlines()]
    assert [(each["id"], each["order"]) for each in scored[:2]] == [("0", "ab"), ("0", "ba")]
    assert len(scored) == 24
    assert "| step | loss |" in (out / "README.md").read_text()


def test_the_loss_over_the_vocabulary_raises_the_label_mass(run: Run, base: Path, data: Path, tmp_path: Path) -> None:
    made = recipe(base, head="label", epochs=10, learning_rate=2e-2, save_every=0, evaluate_every=5)
    assert run(command(tmp_path, data, made)).returncode == 0
    masses = [each["mass"] for each in curve(tmp_path / "out", "held_out")]
    assert masses[0] < 0.9
    assert 0.95 < masses[-1] <= 1.0


def test_a_killed_training_continues_to_the_same_curve(run: Run, base: Path, data: Path, tmp_path: Path) -> None:
    made = recipe(base)
    whole, killed = tmp_path / "whole", tmp_path / "killed"
    whole.mkdir()
    killed.mkdir()
    assert run(command(whole, data, made)).returncode == 0
    words = command(killed, data, made)
    process = start_until(words, step=7)
    process.kill()
    process.wait()
    (killed / "out" / "checkpoint-6").mkdir()  # cut off while it was written: it has no mark
    again = run(words)
    assert again.returncode == 1
    assert again.stderr.splitlines()[-1].endswith("name another folder")
    result = run([*words, "--resume"])
    assert result.returncode == 0, result.stderr[-2000:]
    assert '{"step": "training from step 4"}' in result.stdout
    assert len(losses(whole / "out")) == STEPS
    assert losses(killed / "out") == losses(whole / "out")
    assert curve(killed / "out", "held_out") == curve(whole / "out", "held_out")
    assert [each["step"] for each in curve(whole / "out", "held_out")] == [6, 12]
    weights = [(each / "out" / "final" / "adapter_model.safetensors").read_bytes() for each in (whole, killed)]
    assert weights[0] == weights[1]


def test_a_training_resumes_within_a_later_epoch_with_accumulation(run: Run, base: Path, data: Path, tmp_path: Path) -> None:
    made = recipe(base, group_by_length=True, batch=4, accumulation=2, epochs=3, save_every=13, evaluate_every=0)
    whole, stopped = tmp_path / "whole", tmp_path / "stopped"
    whole.mkdir()
    stopped.mkdir()
    assert run(command(whole, data, made)).returncode == 0
    words = command(stopped, data, made)
    process = start_until(words, step=20)
    process.kill()
    process.wait()
    assert run([*words, "--resume"]).returncode == 0
    assert losses(stopped / "out") == losses(whole / "out")


def test_a_signal_saves_a_checkpoint_and_ends_with_130(base: Path, data: Path, tmp_path: Path) -> None:
    words = command(tmp_path, data, recipe(base, epochs=200, save_every=0, evaluate_every=0))
    process = start_until(words, step=3)
    process.send_signal(signal.SIGTERM)
    assert process.stdout is not None
    process.stdout.read()
    assert process.wait() == 130
    saved = list((tmp_path / "out").glob("checkpoint-*/complete.json"))
    assert len(saved) == 1
    assert not (tmp_path / "out" / "final").exists()


def test_a_signal_before_the_first_step_ends_at_once(base: Path, data: Path, tmp_path: Path) -> None:
    process = subprocess.Popen(command(tmp_path, data, recipe(base)), stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    for line in process.stdout:
        if "reading the examples" in line:
            break
    process.send_signal(signal.SIGTERM)
    assert process.wait(timeout=30) == 130


def test_a_deadline_leaves_a_usable_folder(run: Run, base: Path, data: Path, tmp_path: Path) -> None:
    result = run(command(tmp_path, data, recipe(base, epochs=100_000, save_every=0, evaluate_every=0), "--deadline", "25"))
    assert result.returncode == 0, result.stderr[-2000:]
    done = json.loads(result.stdout.splitlines()[-1])["done"]
    assert done["stopped"] == "deadline"
    assert 1 <= done["step"] < done["of"]
    assert (tmp_path / "out" / "final" / "adapter_model.safetensors").exists()


def test_a_loss_that_is_no_number_ends_with_the_step(run: Run, base: Path, data: Path, tmp_path: Path) -> None:
    model = AutoModelForCausalLM.from_pretrained(base)
    model.model.norm.weight.data.fill_(float("inf"))
    model.save_pretrained(tmp_path / "broken")
    result = run(command(tmp_path, data, recipe(tmp_path / "broken", learning_rate=2e-4, warmup=0)))
    assert result.returncode == 1
    assert result.stderr.splitlines()[-1].startswith("the loss is nan at step 1 of 12, learning rate 0.0002: lower")
    assert not (tmp_path / "out" / "final").exists()


def test_a_mean_loss_far_above_the_first_is_divergence() -> None:
    calm = [1.1] * STEPS_OF_MEAN
    assert not has_diverged(calm)
    assert not has_diverged(calm + [2.05] * STEPS_OF_MEAN)
    assert not has_diverged([8.0] * STEPS_OF_MEAN + [0.5] * 50 + [9.0] * STEPS_OF_MEAN)
    assert not has_diverged(calm + [1.1] * 30 + [20.0])
    assert has_diverged(calm + [1.1] * 30 + [3.3] * STEPS_OF_MEAN)


@pytest.mark.parametrize(
    ("step", "save", "evaluation", "session", "kept"),
    [
        (1, 2, None, 1000, 11),  # two steps, two saves, 5 s to spare
        (1, 2, 50, 1000, 71),  # and the evaluation, with a fifth more
        (1, 2, 101, 1000, 11),  # more than a tenth of the session: it is left out when it does not fit
    ],
)
def test_time_is_kept_for_saving_and_for_a_short_evaluation(
    step: float, save: float, evaluation: float | None, session: float, kept: float
) -> None:
    assert time_to_end(step, save, evaluation, session) == pytest.approx(kept)


def test_other_examples_are_refused_on_resume(run: Run, base: Path, data: Path, tmp_path: Path) -> None:
    words = command(tmp_path, data, recipe(base, epochs=1))
    assert run(words).returncode == 0
    lines = [json.loads(line) for line in (data / "examples.jsonl").read_text().splitlines()]
    other = tmp_path / "other"
    write_data(other, lines[:-2])
    result = run([*words[:2], str(other), *words[3:], "--resume"])
    assert result.returncode == 1
    assert "other examples" in result.stderr.splitlines()[-1]


def test_a_finished_training_ends_again_as_it_was(run: Run, base: Path, data: Path, tmp_path: Path) -> None:
    words = command(tmp_path, data, recipe(base, epochs=1))
    assert run(words).returncode == 0
    names = ("curve.jsonl", "held_out.jsonl", "final/adapter_model.safetensors")
    before = {name: (tmp_path / "out" / name).read_bytes() for name in names}
    result = run([*words, "--resume"])
    assert result.returncode == 0, result.stderr[-2000:]
    assert {name: (tmp_path / "out" / name).read_bytes() for name in names} == before
    assert json.loads(result.stdout.splitlines()[-1])["done"]["log_loss"] is not None


def test_two_processes_share_the_rows_and_one_of_them_writes(base: Path, data: Path, tmp_path: Path) -> None:
    words = command(tmp_path, data, recipe(base, epochs=2, evaluate_every=2, save_every=2))
    several = [words[0], "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2", *words[1:]]
    result = subprocess.run(several, capture_output=True, text=True, timeout=300, check=False)
    assert result.returncode == 0, result.stderr[-3000:]
    out = tmp_path / "out"
    done = json.loads(result.stdout.splitlines()[-1])["done"]
    # 48 rows, 8 a step in each of two processes: 3 steps an epoch.
    assert (done["step"], done["of"]) == (6, 6)
    assert [step for step, _, _ in losses(out)] == [1, 2, 3, 4, 5, 6]
    assert [each["rows"] for each in curve(out, "held_out")] == [12, 12, 12]
    scored = [json.loads(line) for line in (out / "held_out.jsonl").read_text().splitlines()]
    assert len({(each["id"], each["order"]) for each in scored}) == len(scored) == 24
    assert (out / "checkpoint-6" / "complete.json").exists()
    assert (out / "final" / "adapter_model.safetensors").exists()


def test_processes_with_different_numbers_of_batches_ask_each_other_alike(base: Path, data: Path, tmp_path: Path) -> None:
    lines = [json.loads(line) for line in (data / "examples.jsonl").read_text().splitlines()]
    odd = tmp_path / "odd"
    # 9 held-out rows of two prompts, one a batch: 10 batches for the first process, which is when it asks, and 8 for the second.
    write_data(odd, [line for line in lines if line["row"] not in {45, 50, 55}])
    words = command(tmp_path, odd, recipe(base, epochs=1, evaluate_every=2, save_every=0, eval_batch=1))
    several = [words[0], "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2", *words[1:]]
    result = subprocess.run(several, capture_output=True, text=True, timeout=120, check=False)
    assert result.returncode == 0, result.stderr[-3000:]
    assert [each["rows"] for each in curve(tmp_path / "out", "held_out")] == [9, 9]
    scored = [json.loads(line) for line in (tmp_path / "out" / "held_out.jsonl").read_text().splitlines()]
    assert len({(each["id"], each["order"]) for each in scored}) == len(scored) == 18


def test_a_signal_to_one_of_two_processes_ends_both_with_a_checkpoint(base: Path, data: Path, tmp_path: Path) -> None:
    words = command(tmp_path, data, recipe(base, epochs=2000, evaluate_every=0, save_every=0))
    several = [words[0], "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2", *words[1:]]
    process = start_until(several, step=3)
    workers = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
    # The second process prints nothing: the signal is for the one that does not decide what is saved.
    os.kill(int(workers[-1]), signal.SIGTERM)
    process.communicate(timeout=120)
    assert len(list((tmp_path / "out").glob("checkpoint-*/complete.json"))) == 1


@pytest.mark.parametrize("head", ["classifier", "label"])
def test_norms_and_embeddings_of_a_base_in_four_bits_are_float32(tmp_path: Path, head: str) -> None:
    if find_spec("bitsandbytes") is None:
        pytest.skip("no bitsandbytes here")
    config = LlamaConfig(vocab_size=64, hidden_size=64, intermediate_size=128, num_hidden_layers=1, num_attention_heads=2)
    AutoModelForCausalLM.from_config(config).half().save_pretrained(tmp_path / "base")
    made = recipe(tmp_path / "base", head=head, bits=4, compute="float16")
    (tmp_path / "recipe.json").write_text(json.dumps(made))
    about = Data(head=head, classes=["a", "b"], labels=[[2], [3]], eos=1, pad=0, sha256="", examples=[])
    model = load_judge(read_recipe(tmp_path / "recipe.json"), about, "cpu")
    found = {name: each.dtype for name, each in model.named_parameters() if "norm" in name or "embed" in name or "lora" in name}
    assert len(found) > 4
    assert set(found.values()) == {torch.float32}


def test_a_shared_base_needs_several_gpus(run: Run, place: Place) -> None:
    result = run(command(place.tmp, place.data, recipe(place.base, shard=True)))
    assert result.returncode == 1
    assert "load.shard needs several GPUs" in result.stderr.splitlines()[-1]


def test_a_base_in_four_bits_is_trained_in_some_of_its_layers(run: Run, data: Path, tmp_path: Path) -> None:
    if find_spec("bitsandbytes") is None:
        pytest.skip("no bitsandbytes here")
    config = Gemma2Config(
        vocab_size=64,
        hidden_size=64,
        intermediate_size=128,
        num_hidden_layers=3,
        num_attention_heads=4,
        num_key_value_heads=2,
        head_dim=16,
        initializer_range=0.1,
        pad_token_id=0,
        eos_token_id=1,
    )
    AutoModelForCausalLM.from_config(config).save_pretrained(tmp_path / "gemma")
    load = {"bits": 4, "checkpointing": True, "layers": "1-2", "targets": ["q_proj", "v_proj"]}
    made = recipe(tmp_path / "gemma", epochs=12, learning_rate=2e-2, save_every=0, evaluate_every=0, **load)
    result = run(command(tmp_path, data, made))
    assert result.returncode == 0, result.stderr[-2000:]
    # Two layers of 4 x (64 + 64) for q and 4 x (64 + 32) for v, and a head of three classes.
    assert '{"parameters": {"trained": 1984, "all": ' in result.stdout
    weights = load_file(tmp_path / "out" / "final" / "adapter_model.safetensors")
    assert {name.split(".layers.")[1].split(".")[0] for name in weights if ".layers." in name} == {"1", "2"}
    assert {each.dtype for each in weights.values()} == {torch.float32}
    assert curve(tmp_path / "out", "held_out")[-1]["log_loss"] < 1.0


def test_tensorboard_gets_the_curve_when_it_is_asked_for(run: Run, base: Path, data: Path, tmp_path: Path) -> None:
    if find_spec("tensorboardX") is None and find_spec("tensorboard") is None:
        pytest.skip("no tensorboard here")
    result = run(command(tmp_path, data, recipe(base, epochs=1, tensorboard=True)))
    assert result.returncode == 0, result.stderr[-2000:]
    files = list((tmp_path / "out" / "tensorboard").glob("events.*"))
    assert len(files) == 1
    content = files[0].read_bytes()
    assert b"train/loss" in content
    assert b"eval/log_loss" in content


@pytest.mark.parametrize("padding", ["right", "left"])
def test_the_loss_of_answers_is_that_of_transformers_with_all_other_tokens_masked(base: Path, padding: str) -> None:
    chats = [([20, 21, 22, 5, 2, 1], 4), ([30, 5, 3, 3, 1], 2), ([40, 41, 42, 43, 44, 5, 4, 1], 6)]
    examples = [
        Example(id="", row=row, order="ab", fold=0, ids=array("i", ids), target=(), weight=1, answer=answer)
        for row, (ids, answer) in enumerate(chats)
    ]
    model = AutoModelForCausalLM.from_pretrained(base)
    batch = Collator(pad=0, padding=padding)([[each] for each in examples])
    scores = answer_scores(model, batch)
    losses = []
    for ids, answer in chats:
        labels = [-100] * answer + ids[answer:]
        alone = model(input_ids=torch.tensor([ids]), labels=torch.tensor([labels]))
        losses.append(alone.loss.item() * (len(ids) - answer))
    assert scores[:, 0].tolist() == pytest.approx(losses, abs=1e-4)
    assert scores[:, 1].tolist() == [2, 3, 2]
    assert mean_answer_loss(scores, batch).item() == pytest.approx(sum(losses) / 7, abs=1e-4)


def test_answers_of_chats_are_learned(run: Run, base: Path, tmp_path: Path) -> None:
    write_chats(tmp_path / "chats")
    made = recipe(base, head="answer", epochs=20, learning_rate=2e-2, batch=8, save_every=0)
    result = run(command(tmp_path, tmp_path / "chats", made))
    assert result.returncode == 0, result.stderr[-2000:]
    held_out = curve(tmp_path / "out", "held_out")
    # Nats a token of two tokens: knowing nothing but which tokens are answers would leave half of ln 3 = 0.55.
    assert held_out[-1]["log_loss"] < 0.3
    assert held_out[-1]["accuracy"] > 0.8
    assert held_out[-1]["prior_log_loss"] is None
    scored = [json.loads(line) for line in (tmp_path / "out" / "held_out.jsonl").read_text().splitlines()]
    assert {tuple(each) for each in scored} == {("id", "order", "loss", "tokens", "guessed")}
    assert sum(each["loss"] for each in scored) / 24 == pytest.approx(held_out[-1]["log_loss"])
    assert "| step | log loss |" in (tmp_path / "out" / "README.md").read_text()


def test_examples_of_another_head_are_refused(run: Run, place: Place) -> None:
    result = run(command(place.tmp, place.data, recipe(place.base, head="answer")))
    assert result.returncode == 1
    assert "prepare them again" in result.stderr.splitlines()[-1]


@pytest.mark.parametrize(
    ("changes", "message"),
    [({"batch": 3}, "choose an even batch"), ({"precision": "fp16"}, "needs a GPU"), ({"head": "x"}, "must be one of")],
)
def test_a_wrong_recipe_is_refused(run: Run, place: Place, changes: dict[str, Any], message: str) -> None:
    if "precision" in changes and torch.cuda.is_available():
        pytest.skip("has a GPU")
    result = run(command(place.tmp, place.data, recipe(place.base, **changes)))
    assert result.returncode == 1
    assert message in result.stderr.splitlines()[-1]


def test_prompts_that_end_in_the_padding_token_are_refused(run: Run, base: Path, data: Path, tmp_path: Path) -> None:
    lines = [json.loads(line) for line in (data / "examples.jsonl").read_text().splitlines()]
    lines[0]["ids"].append(0)
    write_data(tmp_path / "data", lines)
    result = run(command(tmp_path, tmp_path / "data", recipe(base)))
    assert result.returncode == 1
    assert result.stderr.splitlines()[-1].startswith("1 of 120 prompts end in token 0")
