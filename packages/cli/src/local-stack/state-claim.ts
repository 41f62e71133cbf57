import { mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";

/**
 * The folder, inside that of the state, with one entry for each process that uses the state. The id and the start time of the process
 * name its entry, so that it never stands for a later process with the same id. The entry of a process that has ended is stale, and
 * any process may remove it.
 */
const ENTRIES = "in-use-by";

/** The exclusive use of a folder of state. */
export interface StateClaim {
  /** Adds a process that uses the state too, and may outlive this one. */
  add(pid: number): Promise<void>;
  /** Ends the use. */
  release(): Promise<void>;
}

const isAlive = (pid: number): boolean => {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
};

/** The entry of a running process: its id and, where the system provides it, its start time; `undefined` once it has ended. */
const entryOf = async (pid: number): Promise<string | undefined> => {
  if (!isAlive(pid)) return undefined;
  const stat = await readFile(`/proc/${pid}/stat`, "utf8").catch(() => "");
  // The program's name, in brackets, may hold spaces. After it: the state (Z has ended), and the start as the 20th field.
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return fields[0] === "Z" ? undefined : `${pid}-${fields[19] ?? 0}`;
};

/**
 * Claims the exclusive use of a folder of state. Of two processes that claim it at the same time, at most one succeeds.
 *
 * @returns The claim, or the id of a process that uses the state.
 */
export const claimState = async (folder: string): Promise<StateClaim | { usedBy: number }> => {
  const entries = join(folder, ENTRIES);
  const own: string[] = [];
  const add = async (pid: number) => {
    const entry = await entryOf(pid);
    if (!entry) return;
    await mkdir(entries, { recursive: true });
    await writeFile(join(entries, entry), "");
    own.push(entry);
  };
  const remove = (entry: string) => rm(join(entries, entry), { force: true });
  const release = async () => {
    for (const entry of own) await remove(entry);
  };

  // This entry is written before others are looked for: a process that writes its own later sees it.
  await add(process.pid);
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
