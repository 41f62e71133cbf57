/** The pushes of one call of a session, as the received JSON text of their array. */
export interface JournalPush {
  session: string;
  text: string;
}

/** Pushes that were written together, in the order of arrival. */
interface Entry {
  /** Number of times that the rows were written before this entry. */
  generation: number;
  pushes: JournalPush[];
}

/** Limits of a journal. Beyond any of them the shard writes its rows. */
const LIMITS = {
  entries: 128,
  /** In all entries, because a restarted shard reads them again. */
  characters: 2_000_000,
  /** In one entry, because a stored value has at most 2 MB. */
  ofEntry: 500_000,
};

// The key differs from all keys of entities, which contain a colon.
const entryKey = (place: number) => `journal ${place}`;

/**
 * Pushes that are durable but not yet in the rows. Each entry is one stored value for all pushes that were written
 * together. Entries of an earlier generation are already in the rows, and later entries overwrite them.
 */
export class Journal {
  readonly #kv: SyncKvStorage;
  #entries = 0;
  #characters = 0;

  constructor(kv: SyncKvStorage) {
    this.#kv = kv;
  }

  /** Reads the pushes of a generation, in order. */
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

  /** Whether pushes of this total length do not fit. */
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

  /** Starts again at the first entry. The caller has written the rows and raised the generation. */
  clear(): void {
    this.#entries = 0;
    this.#characters = 0;
  }
}
