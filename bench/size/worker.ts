import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { build, type Plugin } from "esbuild";

const ROOT = new URL("../../", import.meta.url);

/** The module that answers agents. Nothing else of the Worker imports the modules that only it needs. */
const AGENTS = /\/agents\/respond\.ts$/;

/** Replaces the answers to agents by nothing. */
const withoutAgents: Plugin = {
  name: "without-agents",
  setup({ onLoad }) {
    onLoad({ filter: AGENTS }, () => ({ contents: "export const respondToAgent = () => undefined;" }));
  },
};

/** Bundles the deployment's Worker as wrangler does, which does not minify it. Returns its bytes after gzip. */
const gzipBytes = async (plugins: Plugin[]): Promise<number> => {
  const { outputFiles, metafile } = await build({
    entryPoints: [fileURLToPath(new URL("worker.ts", ROOT))],
    plugins,
    bundle: true,
    format: "esm",
    target: "es2024",
    conditions: ["workerd", "worker", "browser"],
    external: ["cloudflare:*", "node:*"],
    write: false,
    metafile: true,
  });
  // A Worker must not generate code. The SDK of the protocol has this validator beside another one.
  const generator = Object.keys(metafile.inputs).find((path) => /node_modules\/ajv\//.test(path));
  if (generator) throw new Error(`worker.ts: expected no module that generates code; it contains ${generator}`);
  return gzipSync(outputFiles[0]?.contents ?? "").length;
};

/**
 * Measures the Worker in bytes after gzip, and the part of it that answers agents.
 *
 * @throws Error when the Worker contains a module that generates code.
 */
export const measureWorker = async (): Promise<{ case: string; value: number; budget: number }[]> => {
  const worker = await gzipBytes([]);
  const agents = worker - (await gzipBytes([withoutAgents]));
  return [
    { case: "Worker", value: worker, budget: 1_000_000 },
    { case: "Worker, answers to agents", value: agents, budget: 150_000 },
  ];
};
