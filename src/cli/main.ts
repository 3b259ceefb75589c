#!/usr/bin/env node
import { refuseFewFiles } from "./open-files.ts";

// Before anything else is loaded, because the loader itself needs the files.
if (refuseFewFiles()) await import("./guard.ts");
