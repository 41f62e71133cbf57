import { mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";

/**
 * The subfolder with one entry per process that uses the state. An entry's name contains the process's id and start
 * time. Where `/proc` shows the start time, it never matches a later process with the same id. The entry of a process
 * that has ended is stale, and any process may remove it. The entry of a collector contains its origin.
 */
const ENTRIES = "in-use-by";

/** An exclusive claim of a state folder. */
export interface StateClaim {
  /** Adds the process of a collector that also uses the state and may outlive this one. @param origin Its address. */
  add(pid: number, origin: string): Promise<void>;
  /** Ends the claim, and removes its entries. The caller has ended the added processes. */
  release(): Promise<void>;
}

const isAlive = (pid: number): boolean => {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
};

/**
 * Returns the entry's name of a running process: its id and, where `/proc` exists, its start time. `undefined` once it
 * has ended.
 */
const entryOf = async (pid: number): Promise<string | undefined> => {
  if (!isAlive(pid)) return undefined;
  const stat = await readFile(`/proc/${pid}/stat`, "utf8").catch(() => "");
  // The program's name, in brackets, may contain spaces. The fields after it are the state (Z: ended) and, as the 20th,
  // the start time.
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return fields[0] === "Z" ? undefined : `${pid}-${fields[19] ?? 0}`;
};

/**
 * Claims the exclusive use of a state folder. When two processes claim it at the same time, at most one succeeds.
 *
 * @returns The claim, or the id of a process that uses the state.
 */
export const claimState = async (folder: string): Promise<StateClaim | { usedBy: number }> => {
  const entries = join(folder, ENTRIES);
  const own: string[] = [];
  const add = async (pid: number, origin: string) => {
    const entry = await entryOf(pid);
    if (!entry) return;
    await mkdir(entries, { recursive: true });
    await writeFile(join(entries, entry), origin);
    own.push(entry);
  };
  const remove = (entry: string) => rm(join(entries, entry), { force: true });
  const release = async () => {
    for (const entry of own) await remove(entry);
  };

  // The entry is written before the others are read, so that a process that claims the folder later finds it.
  await add(process.pid, "");
  for (const entry of await readdir(entries)) {
    if (own.includes(entry)) continue;
    const pid = Number.parseInt(entry, 10);
    if (entry === (await entryOf(pid))) {
      await release();
      return { usedBy: pid };
    }
    await remove(entry);
  }
  return { add, release };
};

/** Returns the origin of the running collector that uses a state folder; `undefined` when none does. */
export const originOf = async (folder: string): Promise<string | undefined> => {
  const entries = join(folder, ENTRIES);
  for (const entry of await readdir(entries).catch(() => [])) {
    const origin = await readFile(join(entries, entry), "utf8").catch(() => "");
    if (origin && entry === (await entryOf(Number.parseInt(entry, 10)))) return origin;
  }
  return undefined;
};
