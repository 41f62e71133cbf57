import { type ChildProcess, spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import type { AggregateFeature, Feature, FeatureValue } from "@tidemark/schema";
import { isDerived } from "@tidemark/schema/derivation-order";
import { fieldsOf, kindAt } from "@tidemark/schema/event-fields";
import type { Database, Row } from "../parity.ts";

const SCRIPT = fileURLToPath(new URL("spark.py", import.meta.url).href);

/** Spark, started by the Python that has pyspark. */
export const openSpark = (python: string): Database & { close(): void } => {
  const process: ChildProcess = spawn(python, [SCRIPT], { stdio: ["pipe", "pipe", "inherit"] });
  const lines = createInterface({ input: process.stdout as NodeJS.ReadableStream })[Symbol.asyncIterator]();
  const exchange = async (question: unknown): Promise<Row[]> => {
    process.stdin?.write(`${JSON.stringify(question)}\n`);
    for (let line = await lines.next(); !line.done; line = await lines.next()) {
      if (line.value.startsWith("answer ")) return JSON.parse(line.value.slice("answer ".length));
    }
    throw new Error("Spark has ended; what it wrote stands above");
  };
  return {
    dialect: "spark",
    load: async (events, spine) => {
      await exchange({ events, spine });
    },
    ask: async (query, features) => (await exchange({ query })).map((row) => decoded(row, features)),
    close: () => {
      process.stdin?.end();
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
