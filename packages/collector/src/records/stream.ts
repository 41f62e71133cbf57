/** The records of one entry of a partition's journal, in order. */
export interface StreamEntry {
  position: number;
  /** Packed records: see `frames.ts`. */
  records: Uint8Array[];
}

/** A range of a partition's stream: the entries after one position, up to another one. */
export interface StreamRange {
  after: number;
  to: number;
}

/** Some entries of a partition's stream, and the range of those that it keeps. */
export interface StreamPage {
  kept: StreamRange;
  entries: StreamEntry[];
}
