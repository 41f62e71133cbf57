import { describe, errorOf, type Reaction } from "./error-codes.ts";

/** A failure to reach a broker, or its answer with an error. Its message is for operators. */
export class KafkaError extends Error {
  override name = "KafkaError";
  readonly reaction: Reaction;

  constructor(message: string, reaction: Reaction = "later") {
    super(message);
    this.reaction = reaction;
  }
}

/** Throws unless a code of a response means success. @param words The broker's own words, if it sent any. */
export const expectSuccess = (code: number, subject: string, words?: string | null): void => {
  if (code !== 0) throw new KafkaError(describe(code, subject, words), errorOf(code).reaction);
};
