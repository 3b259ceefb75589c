"""Encode texts with Rust's `tokenizers` on one thread and tell how long it took. Run by bench/tokenizer.mjs.

python encode_texts.py TOKENIZER.JSON TEXTS.JSON   ->   one line of JSON: tokens, seconds (CPU), hash of the ids, peak (MB)
"""

import hashlib
import json
import os
import resource
import sys
import time

os.environ["TOKENIZERS_PARALLELISM"] = "false"

from tokenizers import Tokenizer  # noqa: E402

tokenizer = Tokenizer.from_file(sys.argv[1])
with open(sys.argv[2], encoding="utf-8") as file:
    texts = json.load(file)
begin = time.process_time()
encoded = [tokenizer.encode(text, add_special_tokens=False).ids for text in texts]
seconds = time.process_time() - begin
ids = hashlib.sha256("\n".join(",".join(map(str, one)) for one in encoded).encode()).hexdigest()
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
print(json.dumps({"tokens": sum(map(len, encoded)), "seconds": seconds, "ids": ids, "peak": peak}))
