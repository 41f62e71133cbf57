import { type ChildProcess, spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import type { AggregateFeature, Feature, FeatureValue } from "@tidemark/schema";
import { isDerived } from "@tidemark/schema/derivation-order";
import { fieldsOf, kindAt } from "@tidemark/schema/event-fields";
import type { Database, Row } from "../parity.ts";

const SCRIPT = fileURLToPath(new URL("spark.py", import.meta.url).href);

/**
 * Starts Spark in a process, from the folder with its Python packages. `version` lists the versions of Spark, Python
 * and Java.
 */
export const openSpark = async (packages: string): Promise<Database & { version: string; close(): void }> => {
  const child: ChildProcess = spawn("python3", [SCRIPT], {
    env: { ...process.env, PYTHONPATH: packages },
    stdio: ["pipe", "pipe", "inherit"],
  });
  const lines = createInterface({ input: child.stdout as NodeJS.ReadableStream })[Symbol.asyncIterator]();
  const request = async (message: unknown): Promise<Row[]> => {
    child.stdin?.write(`${JSON.stringify(message)}\n`);
    for (let line = await lines.next(); !line.done; line = await lines.next()) {
      if (line.value.startsWith("result ")) return JSON.parse(line.value.slice("result ".length));
    }
    throw new Error("Spark ended before it printed the result; its output is above");
  };
  const [{ version }] = (await request("version")) as unknown as [{ version: string }];
  return {
    version,
    dialect: "spark",
    columns: false,
    load: async (events, spine) => {
      await request({ events, spine });
    },
    query: async (query, features) => (await request({ query })).map((row) => decoded(row, features)),
    close: () => {
      child.stdin?.end();
    },
  };
};

/** Parses the texts and numbers of a row that Spark returned as JSON. */
const decoded = (row: Row, features: readonly Feature[]): Row => {
  const parsed: Record<string, FeatureValue> = { ...row };
  for (const feature of features) {
    if (isDerived(feature)) continue;
    const { name, source, aggregate } = feature as AggregateFeature;
    if (!["first", "last", "top_k", "last_n"].includes(aggregate.type) || !("field" in aggregate)) continue;
    if (kindAt(fieldsOf(source), aggregate.field) !== "free") continue;
    const value = row[name] as string | string[] | null;
    parsed[name] =
      value === null ? null : Array.isArray(value) ? value.map((item) => JSON.parse(item)) : JSON.parse(value);
  }
  return parsed as Row;
};
