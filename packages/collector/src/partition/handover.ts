import type { StoredRow } from "../entities/entity-shard.ts";
import { isEntityKey } from "../entities/push.ts";
import { groupByShard } from "../entities/shards.ts";

/** Limits of the values that one step reads, and one call transfers. */
const PAGE = { values: 500, characters: 2_000_000 };

/** Reads the values after a key. Returns the rows among them, and the last key; `undefined` at the end. */
const readPage = (
  { kv }: DurableObjectStorage,
  startAfter: string,
): { rows: StoredRow[]; last: string | undefined } => {
  const rows: StoredRow[] = [];
  let last: string | undefined;
  let characters = 0;
  for (const [key, value] of kv.list<string>({ startAfter, limit: PAGE.values })) {
    last = key;
    if (!isEntityKey(key)) continue;
    rows.push([key, value]);
    characters += value.length;
    if (characters > PAGE.characters) break;
  }
  return { rows, last };
};

/**
 * Hands the rows of a partition over to the shards, a page at a time. The rows no longer change. A row is deleted when
 * its shard has stored it; until then the shard can ask for it.
 *
 * @param take Sends rows to a shard. It rejects unless the shard has stored them.
 */
export const handOver = async (
  storage: DurableObjectStorage,
  take: (shard: number, rows: StoredRow[]) => Promise<void>,
): Promise<void> => {
  for (let after: string | undefined = ""; after !== undefined; ) {
    const { rows, last }: ReturnType<typeof readPage> = readPage(storage, after);
    after = last;
    await Promise.all([...groupByShard(rows)].map(([shard, some]) => take(shard, some)));
    storage.transactionSync(() => {
      for (const [key] of rows) storage.kv.delete(key);
    });
  }
};
