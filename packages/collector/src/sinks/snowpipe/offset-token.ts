/** A pass over the stream, which gives each record an offset once. A replay begins another one. */
export interface OffsetToken {
  /** UTC milliseconds of the first cut of the pass. */
  pass: number;
  offset: number;
}

/** Text of an offset token. */
export const writeToken = ({ pass, offset }: OffsetToken): string => `${pass}-${offset}`;

/** Reads an offset token. Returns `undefined` without one, and for one that the sink has not written. */
export const readToken = (text: unknown): OffsetToken | undefined => {
  const [, pass, offset] = (typeof text === "string" && /^(\d{1,16})-(\d{1,16})$/.exec(text)) || [];
  return pass === undefined ? undefined : { pass: Number(pass), offset: Number(offset) };
};

/** Whether rows up to a committed token include a record of a pass. */
export const includes = (committed: OffsetToken | undefined, { pass, offset }: OffsetToken): boolean =>
  committed !== undefined && committed.pass === pass && committed.offset >= offset;
