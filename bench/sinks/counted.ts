import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";

const PROGRAM = fileURLToPath(new URL("counting-server.ts", import.meta.url));

/** The process that answers each request with success, and counts bytes only. */
export interface CountingServer {
  /** Address of the targets that speak HTTP. */
  origin: string;
  /** Ports of the others. */
  kafka: number;
  postgres: number;
  /** Returns the bytes of requests since the previous call. */
  takeBytes(): Promise<number>;
  stop(): Promise<void>;
}

/** Starts the server, and waits until it listens. */
export const startCountingServer = async (): Promise<CountingServer> => {
  const child: ChildProcess = spawn(process.execPath, [PROGRAM], { stdio: ["ignore", "pipe", "inherit"] });
  const line = child.stdout ? once(child.stdout, "data") : Promise.reject(new Error("no output"));
  const ended = once(child, "exit").then(() => Promise.reject(new Error("the counting server ended")));
  ended.catch(() => {});
  const [text] = (await Promise.race([line, ended])) as [Buffer];
  const { http, kafka, postgres } = JSON.parse(text.toString()) as Record<"http" | "kafka" | "postgres", number>;
  const origin = `http://127.0.0.1:${http}`;
  return {
    ...{ origin, kafka, postgres },
    takeBytes: async () => Number(await (await fetch(`${origin}/bytes`)).text()),
    async stop() {
      const exit = once(child, "exit");
      child.kill();
      await exit;
    },
  };
};
