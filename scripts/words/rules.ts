/** Words that no identifier contains as a segment (`toldAbout`, `heard_at`), and the words to use instead. */
export const IDENTIFIER_SEGMENTS: Readonly<Record<string, string>> = {
  told: "reported, sent, emitted",
  heard: "received, observed",
  hearer: "listener",
  hearers: "listeners",
  whom: "the noun",
  parcel: "batch",
  owed: "pending",
  willed: "unsent",
  came: "arrived",
  beside: "with, next, other",
};

/** Words and phrases that comments, texts and pages do not contain, and what to write instead. */
export const PHRASES: Readonly<Record<string, string>> = {
  tell: "report, send, show",
  tells: "reports, sends, shows",
  told: "reported, sent, shown",
  hear: "listen, receive",
  hears: "listens to, receives",
  heard: "received, observed",
  hearer: "listener",
  hearers: "listeners",
  whom: "the noun",
  parcel: "batch",
  parcels: "batches",
  owed: "pending",
  "is no list": "is not an array",
  "what comes": "the noun",
};

/** Longest sentence of pages and doc comments, in words. A code span counts as one word. */
export const MAX_SENTENCE_WORDS = 30;

/** First words that hide what a doc comment describes: the comment begins with the noun or the verb instead. */
export const VAGUE_FIRST_WORDS: readonly string[] = ["What", "Whom", "Whose"];
