"""Train a judge: from a folder of examples and a recipe to a PEFT folder. `train_judge.py` is the command."""

import os
import signal
import sys
from pathlib import Path
from types import FrameType
from typing import NoReturn

import torch
import torch.distributed
from transformers import PrinterCallback, TrainingArguments, set_seed

from judge_curve import Curve
from judge_examples import Data, read_data, rows_in_batch, split_rows
from judge_folder import last_checkpoint, last_held_out, open_folder, step_of, write_card, write_final
from judge_held_out import class_prior
from judge_model import count_parameters, load_judge, pad_token, refuse_pad_at_end
from judge_recipe import Recipe, read_recipe
from judge_trainer import JudgeTrainer, Stop, Task

INTERRUPTED = 130


def train(folder: Path, recipe_file: Path, out: Path, *, ends_at: float | None, resume: bool) -> int:
    """Train, and return the exit status."""
    stop = Stop(ends_at=ends_at)
    catch_signals(stop)
    recipe = read_recipe(recipe_file)
    curve = Curve(out / "curve.jsonl", speaks=os.environ.get("RANK", "0") == "0")
    curve.say({"step": "reading the examples"})
    data = read_data(folder)
    task = make_task(recipe, data)
    os.environ["TENSORBOARD_LOGGING_DIR"] = str(out / "tensorboard")
    args = arguments(recipe, out, task)
    with args.main_process_first(local=False):
        checkpoint = open_folder(out, recipe_file, data.sha256, resume=resume) if curve.speaks else last_checkpoint(out)

    curve.say({"step": "loading the model"})
    set_seed(recipe.training.seed)
    model = load_judge(recipe, data, device())
    trained, everything = count_parameters(model)
    curve.say({"parameters": {"trained": trained, "all": everything}})

    trainer = JudgeTrainer(model, args, task=task, curve=curve, stop=stop)
    trainer.remove_callback(PrinterCallback)
    curve.cut_after(0 if checkpoint is None else step_of(checkpoint))
    if checkpoint is not None and last_held_out(out, step_of(checkpoint))["log_loss"] is not None:
        trainer.evaluated_at = step_of(checkpoint)
    curve.say({"step": "training" if checkpoint is None else f"training from step {step_of(checkpoint)}"})
    stop.can_wait = True
    trainer.train(resume_from_checkpoint=None if checkpoint is None else str(checkpoint))
    if stop.reason == "signal":
        return INTERRUPTED

    curve.say({"step": "writing the trained model"})
    write_final(trainer, recipe.base, out)
    if trainer.evaluated_at != trainer.state.global_step and trainer.has_time_to_evaluate():
        curve.say({"step": "judging the held-out rows"})
        trainer.evaluate()
    if trainer.is_interrupted():
        return INTERRUPTED
    if curve.speaks:
        write_card(out, data.sha256, counts=(trained, everything))
    state = trainer.state
    done = {"out": str(out / "final"), "step": state.global_step, "of": state.max_steps, "stopped": stop.reason}
    curve.say({"done": done | last_held_out(out, state.global_step)})
    return 0


def leave(end: int | str | None) -> NoReturn:
    """End the program as sys.exit does, also where several processes have trained.

    Gloo frees the tensors of its last messages in threads of its own. Where the interpreter is ending by then, such a thread
    aborts the process (status -6). So with several processes the interpreter is not ended.
    """
    if not torch.distributed.is_available() or not torch.distributed.is_initialized():
        sys.exit(end)
    if isinstance(end, str):
        print(end, file=sys.stderr)
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(1 if isinstance(end, str) else end or 0)


def catch_signals(stop: Stop) -> None:
    """Let SIGTERM and SIGINT end the training after the step in work, and the program at once while nothing is trained yet."""

    def note(_signal: int, _frame: FrameType | None) -> None:
        stop.interrupted = True
        if not stop.can_wait:
            raise SystemExit(INTERRUPTED)

    signal.signal(signal.SIGTERM, note)
    signal.signal(signal.SIGINT, note)


def make_task(recipe: Recipe, data: Data) -> Task:
    """Split the rows, and choose how they are read."""
    if (recipe.head == "answer") != (data.head == "answer"):
        raise SystemExit(f"the recipe has the head {recipe.head}, and the examples are for {data.head}: prepare them again")
    if recipe.head == "classifier":
        refuse_pad_at_end(data)
    elif recipe.head == "label" and data.labels is None:
        raise SystemExit("data.json has no label tokens: prepare the examples with a template that has labels")
    rows, held_out = split_rows(data.examples, recipe.held_out)
    if len(rows) == 0:
        raise SystemExit("no rows are left to train on: all are in the fold that is held out")
    return Task(
        rows=rows,
        held_out=held_out,
        head=recipe.head,
        prior=None if recipe.head == "answer" else class_prior(rows),
        labels=data.labels if recipe.head == "label" else None,
        over_vocabulary=recipe.head == "label" and recipe.loss == "vocabulary",
        pad=pad_token(data),
        padding=recipe.training.padding,
        eval_batch=recipe.training.eval_batch,
        rows_per_step=rows_in_batch(rows, recipe.training.batch),
        by_length=recipe.training.group_by_length,
    )


def device() -> str:
    """Name the device of this process."""
    return f"cuda:{os.environ.get('LOCAL_RANK', '0')}" if torch.cuda.is_available() else "cpu"


def arguments(recipe: Recipe, out: Path, task: Task) -> TrainingArguments:
    """Translate the recipe into the arguments of Trainer, for which a row with all its orders is one item."""
    training = recipe.training
    on_gpu = torch.cuda.is_available()
    if training.precision == "fp16" and not on_gpu:
        raise SystemExit("recipe: training.precision fp16 needs a GPU: choose bf16 or fp32")
    if recipe.load.shard and (not on_gpu or os.environ.get("WORLD_SIZE", "1") == "1"):
        raise SystemExit("recipe: load.shard needs several GPUs, and training.devices of at least 2: set it to false")
    return TrainingArguments(
        output_dir=str(out),
        num_train_epochs=training.epochs,
        per_device_train_batch_size=task.rows_per_step,
        gradient_accumulation_steps=training.accumulation,
        learning_rate=training.learning_rate,
        lr_scheduler_type=training.schedule,
        warmup_steps=training.warmup,
        optim=training.optimizer,
        weight_decay=training.weight_decay,
        max_grad_norm=training.max_grad_norm,
        fp16=training.precision == "fp16",
        bf16=training.precision == "bf16",
        # A sharded base computes activations again by its own means.
        gradient_checkpointing=recipe.load.checkpointing and not recipe.load.shard,
        gradient_checkpointing_kwargs={"use_reentrant": False} if recipe.load.checkpointing else None,
        fsdp=recipe.load.shard,  # type: ignore[arg-type]  # a text in old versions; the annotation still says so
        fsdp_config={"activation_checkpointing": recipe.load.checkpointing} if recipe.load.shard else None,
        seed=training.seed,
        logging_steps=1,
        logging_nan_inf_filter=False,
        save_strategy="steps" if training.save_every > 0 else "no",
        save_steps=max(1, training.save_every),
        save_total_limit=2,
        eval_strategy="steps" if training.evaluate_every > 0 and len(task.held_out) > 0 else "no",
        eval_steps=max(1, training.evaluate_every),
        report_to=["tensorboard"] if training.tensorboard else "none",
        disable_tqdm=True,
        remove_unused_columns=False,
        dataloader_pin_memory=on_gpu,
        ddp_find_unused_parameters=False,
        use_cpu=not on_gpu,
    )
