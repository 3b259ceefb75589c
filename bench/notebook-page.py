"""Run the Python cells of docs/guide/notebooks.md, and its Node block, against `abtie fake-server`.

Run as: python bench/notebook-page.py [--write]   (needs pandas, here 3.1.1; `npm run build` first)

Compares what each cell prints with the text block behind it; with --write, writes it there instead.
"""

import contextlib
import io
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs/guide/notebooks.md"
CELL = re.compile(r"```python\n(.*?)```\n(?:\n```text\n(.*?)```\n)?", re.DOTALL)
ADDRESS = "http://127.0.0.1:8000"


def main():
    page = PAGE.read_text()
    work = pathlib.Path(tempfile.mkdtemp(prefix="abtie-notebook-"))
    server = subprocess.Popen(
        ["node", ROOT / "dist/cli/main.js", "fake-server", "--port", "0"], stdout=subprocess.PIPE, text=True
    )
    try:
        url = server.stdout.readline().strip()
        shutil.copy(ROOT / "examples/rows.csv", work / "rows.csv")
        (work / "job.yaml").write_text(f"input: rows.csv\nengine: {{attach: {url!r}}}\n")
        (work / "node_modules/.bin").mkdir(parents=True)
        (work / "node_modules/abtie").symlink_to(ROOT)
        (work / "node_modules/.bin/abtie").symlink_to(ROOT / "dist/cli/main.js")
        os.chdir(work)
        written, wrong = run_cells(page, url)
        run_node(page)
    finally:
        server.terminate()
        shutil.rmtree(work)
    if "--write" in sys.argv:
        PAGE.write_text(written)
    elif wrong:
        sys.exit("\n".join(wrong))
    print(f"{len(CELL.findall(page))} cells and the Node block ran as the page says")


def run_cells(page, url):
    names, wrong = {}, []

    def run(match):
        source, expected = match.groups()
        printed = io.StringIO()
        with contextlib.redirect_stdout(printed):
            exec(compile(source.replace(ADDRESS, url), "cell", "exec"), names)
        if printed.getvalue() != (expected or ""):
            wrong.append(f"the cell\n{source}\nprints\n{printed.getvalue()}\nbut the page says\n{expected}")
        return f"```python\n{source}```\n" + (f"\n```text\n{printed.getvalue()}```\n" if printed.getvalue() else "")

    return CELL.sub(run, page), wrong


def run_node(page):
    source = re.search(r"```js\n(.*?)```", page, re.DOTALL).group(1)
    subprocess.run(["node", "--input-type=module", "--eval", source], check=True, stderr=subprocess.DEVNULL)


main()
