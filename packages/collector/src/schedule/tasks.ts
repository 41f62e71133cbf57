/** A task that has to run at a time. */
export interface Task {
  /** Its kind and its subject, such as `compact shop 2026-11-29 9`. */
  name: string;
  /** UTC milliseconds. */
  due: number;
  /** Number of failures in succession. */
  failures: number;
}

/** Time after a failure until a task runs again, in milliseconds. It doubles with each failure. */
const RETRY_MS = { first: 60_000, longest: 3_600_000 };

/** The stored tasks, by the time at which they have to run. */
export class Tasks {
  readonly #sql: SqlStorage;

  constructor(sql: SqlStorage) {
    this.#sql = sql;
    sql.exec(
      "CREATE TABLE IF NOT EXISTS task (name TEXT PRIMARY KEY, due INTEGER NOT NULL, failures INTEGER NOT NULL)",
    );
  }

  /** Adds a task, unless it is there already with an earlier time. Returns its time. */
  add(name: string, due: number): number {
    const [row] = this.#sql
      .exec<{ due: number }>(
        `INSERT INTO task VALUES (?, ?, 0) ON CONFLICT (name) DO UPDATE SET due = min(due, excluded.due) RETURNING due`,
        name,
        due,
      )
      .toArray();
    return row?.due ?? due;
  }

  /** The time of the earliest task; `undefined` without one. */
  get next(): number | undefined {
    const [row] = this.#sql.exec<{ due: number | null }>("SELECT min(due) AS due FROM task").toArray();
    return row?.due ?? undefined;
  }

  /** The tasks that have to run, in the order of their times. */
  dueAt(now: number): Task[] {
    // A clock that was set back makes a time seem far away: no task waits longer than two days.
    return this.#sql
      .exec<Task & Record<string, SqlStorageValue>>(
        "SELECT name, due, failures FROM task WHERE due <= ? OR due > ? ORDER BY due",
        now,
        now + 2 * 86_400_000,
      )
      .toArray();
  }

  /** Removes a task. */
  remove(name: string): void {
    this.#sql.exec("DELETE FROM task WHERE name = ?", name);
  }

  /** Lets a task that has failed run again later. */
  postpone({ name, failures }: Task, now: number): void {
    const wait = Math.min(RETRY_MS.longest, RETRY_MS.first * 2 ** failures);
    this.#sql.exec("UPDATE task SET due = ?, failures = ? WHERE name = ?", now + wait, failures + 1, name);
  }
}
