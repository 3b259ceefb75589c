import { createServer } from "node:net";
import { AbtieError, systemCode } from "../errors.ts";

/**
 * Returns a free port if `wanted` is null, else the wanted port if it is free. The port is tested by binding it, because two vLLM servers
 * can share a port without an error. Throws an AbtieError("engine") when the port cannot be opened.
 */
export async function choosePort(host: string, wanted: number | null): Promise<number> {
  try {
    return await bind(host, wanted ?? 0);
  } catch (error) {
    const code = systemCode(error) ?? String(error);
    if (wanted === null)
      throw new AbtieError(
        "engine",
        `No port of ${host} can be opened (${code}). Look whether this user may open ports, and whether the network of the machine or container is up.`,
        { cause: error },
      );
    const why = code === "EADDRINUSE" ? "is in use by another program" : `cannot be opened (${code})`;
    throw new AbtieError(
      "engine",
      `Port ${wanted} on ${host} ${why}. End that program (\`ss -ltnp 'sport = :${wanted}'\` shows it), set another port in the engine profile, or leave the port out so that a free one is taken.`,
      { cause: error },
    );
  }
}

function bind(host: string, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once("error", reject);
    server.listen({ host, port, exclusive: true }, () => {
      const address = server.address();
      server.close(() => resolve(typeof address === "object" && address !== null ? address.port : port));
    });
  });
}
