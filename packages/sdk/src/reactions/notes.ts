import { CLIENT_ID } from "@tidemark/schema/keys";
import { Map, Number } from "../platform.ts";
import { reactionsName } from "../storage/reactions-name.ts";
import { storedValue } from "../storage/web-storage.ts";

/** A day, in milliseconds: the longest time until a reaction expires. */
export const DAY_MS = 86_400_000;

/**
 * The steps of a reaction in the pages of an origin, the earliest first:
 *
 * - `claimed`: a page is about to pass it to its listeners, unless another page overwrites the claim.
 * - `noted`: the page has begun to call its listeners.
 * - `unknown`: the page that noted it is gone, and did not confirm the calls.
 * - `received`: the page has called its listeners.
 */
const STEPS = ["claimed", "noted", "unknown", "received"] as const;
type Step = (typeof STEPS)[number];

/** The note about one reaction. */
export interface Note {
  id: string;
  session_id: string;
  /** The id of the page that made the note. */
  page: string;
  /** Time at which the reaction expires, in UTC milliseconds. */
  until: number;
  step: Step;
  /** Whether the collector has received the step `unknown` or `received`. */
  isAcknowledged?: boolean;
}

/** Most notes. If all of them are needed, the page takes no further reaction. */
const MAX_NOTES = 64;

/**
 * Time after which a page that has taken no next step is gone, in milliseconds: a page takes each step within a moment. It
 * counts from when this page has first seen the step, because the clocks of pages differ.
 */
export const STEP_MS = 5_000;

/** Time for which notes outlast their reactions, in milliseconds: a response may arrive late. */
const LATE_MS = 60_000;

const rankOf = ({ step }: Note): number => STEPS.indexOf(step);

/** Whether a stored value is a note. Any script of the origin can write to the storage. */
const isNote = (value: unknown): value is Note => {
  const { id, session_id, page, until, step } = { ...(value as Note) };
  return (
    [id, session_id, page].every((text) => typeof text === "string") &&
    CLIENT_ID.test(id) &&
    Number.isFinite(until) &&
    STEPS.includes(step)
  );
};

/**
 * The notes of an origin's pages about the reactions that they have passed to their listeners, in localStorage. Where
 * the browser forbids storage, a page has only its own notes.
 */
export interface Notes {
  /**
   * Returns all notes. A step of a page that is gone has become `unknown` in them, and the claims of such pages are
   * removed.
   */
  read(time: number): Note[];
  /** Writes a note in place of that with the same id. Returns whether there is space for it. */
  put(note: Note, time: number): boolean;
  /** Changes the notes with these ids, as far as there are any. */
  change(ids: readonly string[], changes: Partial<Note>, time: number): void;
  /** Whether the storage has a claim of this page. */
  isClaimed(id: string): boolean;
  /** Time of the latest write, in UTC milliseconds. */
  writtenAt(): number;
  /** Writes the notes of this page again that another page has overwritten: it had not yet seen them. */
  repair(time: number): void;
  /** Removes the notes of all sessions but those that `keeps` accepts. */
  clear(keeps: (sessionId: string) => boolean): void;
}

/**
 * Creates the notes of one page.
 *
 * @param name The site's storage name, `false` when it may store nothing.
 * @param page A random id of the page.
 */
export const createNotes = (name: string | false, page: string): Notes => {
  const storage = storedValue<Note[]>("localStorage", name && reactionsName(name));
  /** The notes that this page has made, by id. They outlast a storage that another script clears or overwrites. */
  const own = new Map<string, Note>();
  /** The time at which this page has first seen an open step of another page, by id, page and step. */
  let seen = new Map<string, number>();
  let writtenAt = 0;
  const readStored = () => [storage.read()].flat().filter(isNote).slice(-MAX_NOTES);

  const read: Notes["read"] = (time) => {
    const notes = new Map(readStored().map((note) => [note.id, note]));
    for (const note of own.values()) {
      const stored = notes.get(note.id);
      if (!stored || rankOf(stored) <= rankOf(note)) notes.set(note.id, note);
    }
    const seenNow = new Map<string, number>();
    const read = [...notes.values()].flatMap((note) => {
      if (note.page === page || rankOf(note) > 1) return note;
      const open = `${note.id} ${note.page} ${note.step}`;
      const at = seen.get(open) ?? time;
      seenNow.set(open, at);
      if (time - at <= STEP_MS) return note;
      return note.step === "noted" ? { ...note, step: "unknown" as const } : [];
    });
    seen = seenNow;
    return read;
  };

  const write = (notes: Note[], time: number): boolean => {
    const left = [...notes];
    const isNeeded = ({ step, isAcknowledged, until }: Note) =>
      until + (isAcknowledged || step === "claimed" ? LATE_MS : DAY_MS) > time;
    const drop = (isDropped: (note: Note) => boolean) => {
      const index = left.findIndex(isDropped);
      const [dropped] = index < 0 ? [] : left.splice(index, 1);
      if (dropped) own.delete(dropped.id);
      return !!dropped;
    };
    while (drop((note) => !isNeeded(note)));
    while (left.length > MAX_NOTES) if (!drop((note) => !!note.isAcknowledged)) return false;
    storage.write(left[0] && left);
    writtenAt = time;
    return true;
  };

  return {
    read,
    put(note, time) {
      const others = read(time).filter(({ id }) => id !== note.id);
      if (!write([...others, note], time)) return false;
      if (note.step !== "claimed") own.set(note.id, note);
      return true;
    },
    change(ids, changes, time) {
      if (!ids.length) return;
      const changed = read(time).map((note) => (ids.includes(note.id) ? { ...note, ...changes } : note));
      for (const note of changed) if (own.has(note.id)) own.set(note.id, note);
      write(changed, time);
    },
    isClaimed: (id) => readStored().some((note) => note.id === id && note.page === page),
    writtenAt: () => writtenAt,
    repair(time) {
      const stored = new Map(readStored().map((note) => [note.id, rankOf(note)]));
      if ([...own.values()].some((note) => (stored.get(note.id) ?? -1) < rankOf(note))) write(read(time), time);
    },
    clear(keeps) {
      const kept = readStored().filter(({ session_id }) => keeps(session_id));
      for (const { id, session_id } of [...own.values()]) if (!keeps(session_id)) own.delete(id);
      storage.write(kept[0] && kept);
    },
  };
};
