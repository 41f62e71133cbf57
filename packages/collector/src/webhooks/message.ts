/** A message for the webhook of a site. */
export interface WebhookMessage {
  /**
   * Identifier, which each attempt to send the message has: receivers recognize a repetition by it. It has no full stop, which
   * separates the parts of a signed text.
   */
  id: string;
  /** Type of the event, with full stops between its parts: `reaction.fired`. */
  type: string;
  /** Time of the event, in UTC milliseconds by the collector's clock. */
  time: number;
  /** The event, as JSON values. */
  data: object;
}

/** The body of a message. Each attempt sends the same one, so a session stores this text. */
export const bodyOf = ({ type, time, data }: WebhookMessage): string =>
  JSON.stringify({ type, timestamp: new Date(time).toISOString(), data });
