/** A session's pushes at once, in JSON as they came. */
export interface JournalPush {
  session: string;
  text: string;
}

/** What came since the rows were last written, in the order in which it came. */
interface Entry {
  generation: number;
  pushes: JournalPush[];
}

/**
 * Most entries in the journal, and most characters, which a shard that wakes up reads again; most characters in one entry, which is a
 * value of at most 2 MB. Beyond any of them, rows are written.
 */
const LIMITS = { entries: 128, characters: 2_000_000, ofEntry: 500_000 };

// No key of an entity is one of these: it has a colon.
const entryKey = (place: number) => `journal ${place}`;

/**
 * Pushes that are durable but not yet in the rows: a row for all that came at once. Entries of an earlier generation are in
 * the rows, and are written over.
 */
export class Journal {
  readonly #kv: SyncKvStorage;
  #entries = 0;
  #characters = 0;

  constructor(kv: SyncKvStorage) {
    this.#kv = kv;
  }

  /** Reads the entries of a generation, in their order. */
  replay(generation: number, each: (push: JournalPush) => void): void {
    this.clear();
    for (;;) {
      const entry = this.#kv.get<Entry>(entryKey(this.#entries));
      if (entry?.generation !== generation) return;
      for (const push of entry.pushes) {
        each(push);
        this.#characters += push.text.length;
      }
      this.#entries += 1;
    }
  }

  /** Whether pushes of so many characters do not fit any more. */
  isFullFor(characters: number): boolean {
    const { entries, ofEntry } = LIMITS;
    return this.#entries >= entries || characters > ofEntry || this.#characters + characters > LIMITS.characters;
  }

  /** Writes pushes as the next entry. */
  append(generation: number, pushes: JournalPush[], characters: number): void {
    this.#kv.put(entryKey(this.#entries), { generation, pushes } satisfies Entry);
    this.#entries += 1;
    this.#characters += characters;
  }

  /** Begins anew: what was in it is in the rows. */
  clear(): void {
    this.#entries = 0;
    this.#characters = 0;
  }
}
