/** One firing of a reaction that the collector's configuration defines, as a listener of the page receives it. */
export interface Reaction {
  /** The id of this firing. */
  readonly id: string;
  /** The name of the reaction in the collector's configuration. */
  readonly name: string;
  /** The data of the reaction in the collector's configuration. */
  readonly payload: Readonly<Record<string, unknown>>;
  /** Time from the call of the listener until the reaction expires, in milliseconds. */
  readonly expiresInMs: number;
  /** States that the page shows the reaction: captures `reaction_shown` at the first call. */
  shown(): void;
  /** States that the visitor has dismissed it: captures `reaction_dismissed` at the first call. */
  dismissed(): void;
  /**
   * States that the visitor has done what it proposed: captures `reaction_acted`.
   *
   * @param action The site's name of the visitor's action, cut to 100 characters. Default: none.
   */
  acted(action?: string): void;
}
