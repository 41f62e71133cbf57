/** An event to send. */
export interface SentEvent {
  session: string;
  seq: number;
  text?: string;
}

/** A cut to send. */
export interface Sending {
  /** Kind of the sink. */
  to: "kinesis" | "s3";
  settings: object;
  /** Id of the cut. */
  id: string;
  events: readonly SentEvent[];
  /** Largest number of attempts. */
  attempts: number;
}

/** The result of a sending. */
export interface Sent {
  attempts: number;
  /** Number of records that are neither delivered nor refused. */
  pending: number;
  /** Ids of refused records with the reasons. */
  refused: string[];
  /** Reasons of repetitions, each once. */
  reasons: string[];
}
