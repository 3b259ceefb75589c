"""The reference for chat prompts: Python's `apply_chat_template`, and a server's pages /tokenize and /detokenize.

Run as: python chat_reference.py    (with an interpreter that has vLLM; reads one JSON request a line, writes one answer a line)

    {"do": "load", "tokenizer": FOLDER, "template": FILE | null, "model_type": TEXT | null}  -> {"content": "string" | "openai"}
    {"do": "chat", "messages": [...], "prefix": TEXT, "kwargs": {...}, "fold": BOOL}  -> {"ids": [...], "end": TEXT}
    {"do": "text", "text": TEXT}                                   -> {"ids": [...]}
    {"do": "tokenize", ...body of vLLM's POST /tokenize}           -> {"tokens": [...]}
    {"do": "detokenize", "tokens": [...]}                          -> {"prompt": TEXT}
    Any of them, when a template or vLLM refuses:                  -> {"refused": TEXT}

`chat` is the definition of abtie's prompt, written a second time and independently: the template's text with the generation
prompt and the job's variables; a think block that is open at its end is closed, as the template closes it in a finished
message or else as Qwen does (at once, if it was opened without a line end); the text with which a finished message opens a channel
follows; then the answer prefix. All of it is tokenised as one text. A system message that the template refuses or does not show
stands before the user's text; with `fold` it always does.

`tokenize` does what vLLM does: it uses vLLM's own check for templates that want content as a list of parts, and passes on only
variables that the template has.
"""

import json
import re
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import transformers
from transformers import AutoTokenizer, PreTrainedTokenizerBase
from vllm.renderers.hf import _detect_content_format, resolve_chat_template_kwargs

Message = dict[str, Any]
Answer = dict[str, Any]

USER = "reference user text"
SYSTEM = "reference system text"
ANSWER = "reference answer text"
# Opening tag and closing tag of the blocks in which models reason.
BLOCKS = [
    (r"<((?:[a-z]+[:_|])?(?:think|thinking|thought|thoughts|reason|reasoning))>", "</{}>"),
    (r"\[(THINK|think)\]", "[/{}]"),
    (r"<\|START_(THINKING)\|>", "<|END_{}|>"),
    (r"<\|begin_of_(thought)\|>", "<|end_of_{}|>"),
    (r"<\|(think|thinking)_start\|>", "<|{}_end|>"),
    (r"◁(think)▷", "◁/{}▷"),
    (r"<\|channel>(thought)", "<channel|>"),
    (r"(Here are my reasoning steps:)", "[BEGIN FINAL RESPONSE]"),
]


class Reference:
    """A tokenizer with a chat template."""

    def __init__(self, tokenizer: PreTrainedTokenizerBase) -> None:
        """Take the chat template of the tokenizer."""
        self.tokenizer = tokenizer
        self.content = _detect_content_format(tokenizer.chat_template or "", default="string")

    def render(self, messages: list[Message], generation: bool, kwargs: Answer) -> str:
        """Render messages; a system message or content that the template does not take is given in another form."""
        user = {"role": "user", "content": USER}
        as_parts = not self.shows([user], USER, kwargs) and self.shows(parts([user]), USER, kwargs)
        form: Callable[[list[Message]], list[Message]] = parts if as_parts else list
        if not self.shows(form([{"role": "system", "content": SYSTEM}, user]), SYSTEM, kwargs):
            messages = fold(messages)
        return self.apply(form(messages), generation, kwargs)

    def shows(self, messages: list[Message], text: str, kwargs: Answer) -> bool:
        """Say whether the template shows a text."""
        try:
            return text in self.apply(messages, True, kwargs)
        except Exception:
            return False

    def apply(self, messages: list[Message], generation: bool, kwargs: Answer) -> str:
        """Call `apply_chat_template`."""
        return str(
            self.tokenizer.apply_chat_template(messages, tokenize=False, add_generation_prompt=generation, **kwargs)
        )

    def chat(self, messages: list[Message], prefix: str, kwargs: Answer, folding: bool) -> Answer:
        """Give the ids of a prompt."""
        messages = fold(messages) if folding else messages
        text = self.render(messages, True, kwargs)
        text += self.closing(text, messages, kwargs) + prefix
        return {"ids": self.tokenizer.encode(text, add_special_tokens=False), "end": text[-160:]}

    def closing(self, text: str, messages: list[Message], kwargs: Answer) -> str:
        """Give the text between the generation prompt and the answer."""
        asked = [*messages[:-1], {"role": "user", "content": USER}]
        begun = behind(self.render(asked, True, kwargs), USER)
        try:
            finished = self.render([*asked, {"role": "assistant", "content": ANSWER}], False, kwargs)
            between = behind(finished[: finished.rindex(ANSWER)], USER)
        except Exception:
            between = ""
        rest = after(between, begun)
        block = open_block(text)
        close = ""
        if block is not None:
            closer, inside = block
            if closer in rest:
                return rest
            close = closer if inside == "" else ("\n" if inside.endswith("\n") else "\n\n") + closer + "\n\n"
        channel = after(between, without_block(begun))
        if channel.strip() == "" or has_tag(channel):
            return close
        return close.strip() + channel

    def text(self, text: str) -> Answer:
        """Give the ids of a text with what the model puts before it, and without what it puts behind it."""
        plain = self.tokenizer.encode(text, add_special_tokens=False)
        ids = self.tokenizer.encode(text, add_special_tokens=True)
        while ids and plain and ids[-1] != plain[-1]:
            ids = ids[:-1]
        return {"ids": ids}

    def tokenize(self, body: Answer) -> Answer:
        """Answer as vLLM's POST /tokenize."""
        special = bool(body.get("add_special_tokens", "prompt" in body))
        if "prompt" in body:
            return {"tokens": self.tokenizer.encode(body["prompt"], add_special_tokens=special)}
        messages = parts(body["messages"]) if self.content == "openai" else body["messages"]
        kwargs = {
            **(body.get("chat_template_kwargs") or {}),
            "add_generation_prompt": body.get("add_generation_prompt", True),
            "continue_final_message": body.get("continue_final_message", False),
        }
        template = self.tokenizer.get_chat_template()
        known = resolve_chat_template_kwargs(self.tokenizer, template, kwargs)
        text = self.tokenizer.apply_chat_template(messages, tokenize=False, **known)
        return {"tokens": self.tokenizer.encode(text, add_special_tokens=special)}

    def detokenize(self, tokens: list[int]) -> Answer:
        """Answer as vLLM's POST /detokenize."""
        return {"prompt": self.tokenizer.decode(tokens)}


def parts(messages: list[Message]) -> list[Message]:
    """Give each message its content as a list of one text part."""
    return [{**message, "content": [{"type": "text", "text": message["content"]}]} for message in messages]


def fold(messages: list[Message]) -> list[Message]:
    """Put a system message before the text of the user message behind it."""
    if len(messages) > 1 and messages[0]["role"] == "system" and messages[1]["role"] == "user":
        text = f"{messages[0]['content']}\n\n{messages[1]['content']}"
        return [{"role": "user", "content": text}, *messages[2:]]
    return messages


def behind(text: str, mark: str) -> str:
    """Give the part of a text behind a mark's last place; all of it without the mark."""
    return text.rpartition(mark)[2]


def after(text: str, beginning: str) -> str:
    """Give the part of a text behind its beginning; nothing when it begins otherwise."""
    return text[len(beginning) :] if text.startswith(beginning) else ""


def open_block(text: str) -> tuple[str, str] | None:
    """Find the block that is opened at the end of a text: its closing tag, and the white space behind the opening tag."""
    for opener, closer in BLOCKS:
        found = re.search(rf"{opener}(\s*)$", text, re.IGNORECASE)
        if found is not None:
            return closer.format(found[1]), found[2]
    return None


def without_block(text: str) -> str:
    """Remove a block without text, open or closed, from the end of a text."""
    for opener, closer in BLOCKS:
        places = list(re.finditer(opener, text, re.IGNORECASE))
        if places and text[places[-1].end() :].replace(closer.format(places[-1][1]), "", 1).strip() == "":
            return text[: places[-1].start()]
    return text


def has_tag(text: str) -> bool:
    """Say whether a text holds an opening or closing tag of a block."""
    return any(re.search(opener, text.replace("</", "<").replace("[/", "["), re.IGNORECASE) for opener, _ in BLOCKS)


def answer(request: Answer, loaded: dict[str, Reference]) -> Answer:
    """Do what one request asks."""
    match request["do"]:
        case "load":
            if request["tokenizer"] not in loaded:
                loaded.clear()
                loaded[request["tokenizer"]] = Reference(load(Path(request["tokenizer"]), request["model_type"]))
            tokenizer = loaded[request["tokenizer"]].tokenizer
            if request["template"] is not None:
                tokenizer.chat_template = Path(request["template"]).read_text(encoding="utf-8")
            loaded[request["tokenizer"]] = Reference(tokenizer)
            return {"content": loaded[request["tokenizer"]].content}
        case "chat":
            return only(loaded).chat(
                request["messages"], request["prefix"], request["kwargs"], request["fold"]
            )
        case "text":
            return only(loaded).text(request["text"])
        case "tokenize":
            return only(loaded).tokenize(request)
        case "detokenize":
            return only(loaded).detokenize(request["tokens"])
        case other:
            raise ValueError(f"unknown request {other!r}")


def load(folder: Path, model_type: str | None) -> PreTrainedTokenizerBase:
    """Load a tokenizer, as the one of a model of this type when one is given."""
    if model_type is None:
        return AutoTokenizer.from_pretrained(folder)
    with tempfile.TemporaryDirectory() as model:
        for name in ("tokenizer.json", "tokenizer_config.json"):
            (Path(model) / name).symlink_to(folder.resolve() / name)
        (Path(model) / "config.json").write_text(json.dumps({"model_type": model_type}), encoding="utf-8")
        return AutoTokenizer.from_pretrained(model)


def only(loaded: dict[str, Reference]) -> Reference:
    """Give the one reference that is loaded."""
    [reference] = loaded.values()
    return reference


def main() -> None:
    """Answer requests until the input ends."""
    transformers.logging.set_verbosity_error()
    loaded: dict[str, Reference] = {}
    for line in sys.stdin:
        try:
            found = answer(json.loads(line), loaded)
        except Exception as error:
            found = {"refused": f"{type(error).__name__}: {error}"}
        sys.stdout.write(json.dumps(found) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
