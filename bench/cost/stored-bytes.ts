import { globSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import type { Workerd } from "../../tests/workerd/workerd.ts";

/** Bytes of the entries of a journal. */
const journalBytes = (database: DatabaseSync): number => {
  if (!database.prepare("SELECT 1 FROM sqlite_master WHERE name = 'journal'").get()) return 0;
  return Number(database.prepare("SELECT sum(length(received)) AS bytes FROM journal").get()?.bytes ?? 0);
};

const bytesOf = (file: string): number => {
  const database = new DatabaseSync(file);
  const pragma = (name: string) => Number(database.prepare(`PRAGMA ${name}`).get()?.[name]);
  const bytes = pragma("page_count") * pragma("page_size") - journalBytes(database);
  database.close();
  return bytes;
};

/**
 * Bytes of all SQLite files of a Worker, by the name of the binding and by pages, as the platform counts them. Journals
 * are excluded, because their size does not grow with the traffic and must not be scaled up with it.
 */
export const storedBytes = ({ storage, objects }: Workerd): Record<string, number> => {
  const ofClass = (name: string) =>
    globSync("*.sqlite", { cwd: join(storage, name) })
      .filter((file) => !file.endsWith("metadata.sqlite"))
      .reduce((total, file) => total + bytesOf(join(storage, name, file)), 0);
  return Object.fromEntries(objects.map(({ name, class_name }) => [name, ofClass(class_name)]));
};
