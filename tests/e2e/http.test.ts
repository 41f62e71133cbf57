import { execFile } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { startLocalStack } from "@tidemark/cli/local-stack";
import { describe, expect, it } from "vitest";
import { EXAMPLE_SITE } from "../../scripts/example-site.ts";
import { filesIn, outputIn, readDocs } from "./code-in-docs.ts";

describe("docs/http.md", () => {
  it("shows a program that prints the documented output", async () => {
    const docs = readDocs("http.md");
    const [program] = filesIn(docs);
    const folder = await mkdtemp(join(tmpdir(), "tidemark-http-"));
    const stack = await startLocalStack({ site: EXAMPLE_SITE });
    try {
      const path = join(folder, program?.path ?? "");
      await writeFile(path, program?.code ?? "");
      const env = { COLLECTOR: stack.collector.origin, TIDEMARK_READ_KEY: stack.readKey };
      const { stdout } = await promisify(execFile)(process.execPath, [path], { env });
      expect(stdout).toBe(outputIn(docs));
    } finally {
      await stack.stop();
      await rm(folder, { recursive: true });
    }
  });
});
