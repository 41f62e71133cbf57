import { type ChildProcess, spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import type { AggregateFeature, Feature, FeatureValue } from "@tidemark/schema";
import { isDerived } from "@tidemark/schema/derivation-order";
import { fieldsOf, kindAt } from "@tidemark/schema/event-fields";
import type { Database, Row } from "../parity.ts";

const SCRIPT = fileURLToPath(new URL("spark.py", import.meta.url).href);

/** Spark in a process of its own, by the packages of Python in a folder. `version`: of what runs. */
export const openSpark = async (packages: string): Promise<Database & { version: string; close(): void }> => {
  const child: ChildProcess = spawn("python3", [SCRIPT], {
    env: { ...process.env, PYTHONPATH: packages },
    stdio: ["pipe", "pipe", "inherit"],
  });
  const lines = createInterface({ input: child.stdout as NodeJS.ReadableStream })[Symbol.asyncIterator]();
  const exchange = async (question: unknown): Promise<Row[]> => {
    child.stdin?.write(`${JSON.stringify(question)}\n`);
    for (let line = await lines.next(); !line.done; line = await lines.next()) {
      if (line.value.startsWith("answer ")) return JSON.parse(line.value.slice("answer ".length));
    }
    throw new Error("Spark has ended; what it wrote stands above");
  };
  const [{ version }] = (await exchange("version")) as unknown as [{ version: string }];
  return {
    version,
    dialect: "spark",
    load: async (events, spine) => {
      await exchange({ events, spine });
    },
    query: async (query, features) => (await exchange({ query })).map((row) => decoded(row, features)),
    close: () => {
      child.stdin?.end();
    },
  };
};

/** A row with texts and numbers that came as JSON as themselves again. */
const decoded = (row: Row, features: readonly Feature[]): Row => {
  const answer: Record<string, FeatureValue> = { ...row };
  for (const feature of features) {
    if (isDerived(feature)) continue;
    const { name, source, aggregate } = feature as AggregateFeature;
    if (!["first", "last", "top_k", "last_n"].includes(aggregate.type) || !("field" in aggregate)) continue;
    if (kindAt(fieldsOf(source), aggregate.field) !== "free") continue;
    const value = row[name] as string | string[] | null;
    answer[name] =
      value === null ? null : Array.isArray(value) ? value.map((item) => JSON.parse(item)) : JSON.parse(value);
  }
  return answer as Row;
};
