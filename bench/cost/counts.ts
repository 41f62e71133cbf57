/** Resources of the platform that were used since the Worker started. */
export interface Counts {
  requests: number;
  objectRequests: number;
  /**
   * Active time of objects, in milliseconds: the sum of all calls and of the work after responses. It exceeds the
   * billed time.
   */
  objectMs: number;
  rowsWritten: number;
  rowsRead: number;
  alarmsSet: number;
}
