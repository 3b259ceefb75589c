var __addDisposableResource = (this && this.__addDisposableResource) || function (env, value, async) {
    if (value !== null && value !== void 0) {
        if (typeof value !== "object" && typeof value !== "function") throw new TypeError("Object expected.");
        var dispose, inner;
        if (async) {
            if (!Symbol.asyncDispose) throw new TypeError("Symbol.asyncDispose is not defined.");
            dispose = value[Symbol.asyncDispose];
        }
        if (dispose === void 0) {
            if (!Symbol.dispose) throw new TypeError("Symbol.dispose is not defined.");
            dispose = value[Symbol.dispose];
            if (async) inner = dispose;
        }
        if (typeof dispose !== "function") throw new TypeError("Object not disposable.");
        if (inner) dispose = function() { try { inner.call(this); } catch (e) { return Promise.reject(e); } };
        env.stack.push({ value: value, dispose: dispose, async: async });
    }
    else if (async) {
        env.stack.push({ async: true });
    }
    return value;
};
var __disposeResources = (this && this.__disposeResources) || (function (SuppressedError) {
    return function (env) {
        function fail(e) {
            env.error = env.hasError ? new SuppressedError(e, env.error, "An error was suppressed during disposal.") : e;
            env.hasError = true;
        }
        var r, s = 0;
        function next() {
            while (r = env.stack.pop()) {
                try {
                    if (!r.async && s === 1) return s = 0, env.stack.push(r), Promise.resolve().then(next);
                    if (r.dispose) {
                        var result = r.dispose.call(r.value);
                        if (r.async) return s |= 2, Promise.resolve(result).then(next, function(e) { fail(e); return next(); });
                    }
                    else s |= 1;
                }
                catch (e) {
                    fail(e);
                }
            }
            if (s === 1) return env.hasError ? Promise.reject(env.error) : Promise.resolve();
            if (env.hasError) throw env.error;
        }
        return next();
    };
})(typeof SuppressedError === "function" ? SuppressedError : function (error, suppressed, message) {
    var e = new Error(message);
    return e.name = "SuppressedError", e.error = error, e.suppressed = suppressed, e;
});
import { once } from "node:events";
import { mkdtemp, readdir, rm, utimes } from "node:fs/promises";
import { hostname, tmpdir } from "node:os";
import { join } from "node:path";
import { execa } from "execa";
import { expect, onTestFinished, test } from "vitest";
import { acquireLock, withLock } from "../../src/files/lock.js";
const PURPOSE = { purpose: "abtie run" };
async function temporaryFolder() {
    const folder = await mkdtemp(join(tmpdir(), "abtie-"));
    onTestFinished(() => rm(folder, { recursive: true, force: true }));
    return folder;
}
test("runs the function, returns its value and frees the lock", async () => {
    const folder = await temporaryFolder();
    const path = join(folder, ".lock");
    expect(await withLock(path, PURPOSE, async () => (await readdir(folder)).sort())).toEqual([".lock", ".lock.holder"]);
    expect(await withLock(path, PURPOSE, async () => 2)).toBe(2);
    expect(await readdir(folder)).toEqual([]);
});
test("frees the lock when the function throws", async () => {
    const folder = await temporaryFolder();
    await expect(withLock(join(folder, ".lock"), PURPOSE, () => Promise.reject(new Error("no")))).rejects.toThrow("no");
    expect(await readdir(folder)).toEqual([]);
});
test("names the process that holds the lock, and what it does", async () => {
    const env_1 = { stack: [], error: void 0, hasError: false };
    try {
        const path = join(await temporaryFolder(), ".lock");
        const _lock = __addDisposableResource(env_1, await acquireLock(path, { purpose: "abtie setup" }), true);
        await expect(acquireLock(path, PURPOSE)).rejects.toMatchObject({
            code: "data",
            message: expect.stringMatching(new RegExp(`held by process ${process.pid} \\(abtie setup, since 20\\d\\d-.*Z\\): wait until it ends, or end it`)),
        });
    }
    catch (e_1) {
        env_1.error = e_1;
        env_1.hasError = true;
    }
    finally {
        const result_1 = __disposeResources(env_1);
        if (result_1)
            await result_1;
    }
});
test("says that the parent folder is missing", async () => {
    const path = join(await temporaryFolder(), "no", ".lock");
    await expect(acquireLock(path, PURPOSE)).rejects.toThrow(/cannot lock .* \(ENOENT\): the file or its folder/);
});
test("waits until the lock is free when told to, and says once for whom", async () => {
    const env_2 = { stack: [], error: void 0, hasError: false };
    try {
        const path = join(await temporaryFolder(), ".lock");
        const first = await acquireLock(path, { purpose: "abtie setup" });
        const waitedFor = [];
        let naps = 0;
        const wait = {
            onWait: (holder) => waitedFor.push(holder),
            sleep: async () => {
                naps += 1;
                if (naps === 3)
                    await first[Symbol.asyncDispose]();
            },
        };
        const second = __addDisposableResource(env_2, await acquireLock(path, { ...PURPOSE, wait }), true);
        expect(second.lost.aborted).toBe(false);
        expect(naps).toBe(3);
        expect(waitedFor).toEqual([expect.stringContaining(`process ${process.pid} (abtie setup`)]);
    }
    catch (e_2) {
        env_2.error = e_2;
        env_2.hasError = true;
    }
    finally {
        const result_2 = __disposeResources(env_2);
        if (result_2)
            await result_2;
    }
});
test("stops waiting when the signal aborts", async () => {
    const env_3 = { stack: [], error: void 0, hasError: false };
    try {
        const path = join(await temporaryFolder(), ".lock");
        const _lock = __addDisposableResource(env_3, await acquireLock(path, PURPOSE), true);
        const controller = new AbortController();
        const wait = { signal: controller.signal, sleep: async () => controller.abort(new Error("Ctrl-C")) };
        await expect(acquireLock(path, { ...PURPOSE, wait })).rejects.toThrow("Ctrl-C");
    }
    catch (e_3) {
        env_3.error = e_3;
        env_3.hasError = true;
    }
    finally {
        const result_3 = __disposeResources(env_3);
        if (result_3)
            await result_3;
    }
});
test("takes over at once from a process that was killed", async () => {
    const folder = await temporaryFolder();
    const path = join(folder, ".lock");
    const { child } = await holdInProcess(path);
    await expect(acquireLock(path, PURPOSE)).rejects.toThrow(`process ${child.pid} (child`);
    await kill(child);
    await withLock(path, PURPOSE, async () => expect(await readdir(folder)).toContain(".lock"));
    expect(await readdir(folder)).toEqual([]);
});
test("lets exactly one of several processes take over from a killed one", async () => {
    const path = join(await temporaryFolder(), ".lock");
    const { child } = await holdInProcess(path);
    await kill(child);
    const others = await Promise.all([1, 2, 3].map(() => holdInProcess(path)));
    expect(others.filter(({ held }) => held)).toHaveLength(1);
    await Promise.all(others.map((other) => kill(other.child)));
});
test("takes over a lock that nobody has renewed for a while, wherever its holder ran", async () => {
    const env_4 = { stack: [], error: void 0, hasError: false };
    try {
        const path = join(await temporaryFolder(), ".lock");
        const { child } = await holdInProcess(path, "another-host");
        await expect(acquireLock(path, PURPOSE)).rejects.toThrow(`process ${child.pid} on another-host (child`);
        await kill(child);
        await expect(acquireLock(path, PURPOSE)).rejects.toThrow("on another-host");
        await utimes(path, 1000, 1000);
        const lock = __addDisposableResource(env_4, await acquireLock(path, PURPOSE), true);
        expect(lock.lost.aborted).toBe(false);
    }
    catch (e_4) {
        env_4.error = e_4;
        env_4.hasError = true;
    }
    finally {
        const result_4 = __disposeResources(env_4);
        if (result_4)
            await result_4;
    }
});
test("tells a holder that its lock was taken away", async () => {
    const path = join(await temporaryFolder(), ".lock");
    const lock = await acquireLock(path, PURPOSE);
    await rm(path, { recursive: true });
    await once(lock.lost, "abort");
    expect(lock.lost.reason).toMatchObject({ code: "data", message: expect.stringContaining("still needs it") });
    await lock[Symbol.asyncDispose]();
});
/** Starts a process that takes the lock and keeps it until it is killed; resolves when it holds it, or has ended without. */
async function holdInProcess(path, host = hostname()) {
    const program = join(import.meta.dirname, "../fixtures/files/hold-lock.mjs");
    const child = execa(process.execPath, [program, path, host], { reject: false, buffer: false });
    onTestFinished(() => kill(child));
    const held = await Promise.race([once(child.stdout, "data").then(() => true), child.then(() => false)]);
    return { child, held };
}
async function kill(child) {
    child.kill("SIGKILL");
    await child;
}
