/** What was asked of the platform since the Worker started. */
export interface Counts {
  requests: number;
  objectRequests: number;
  rowsWritten: number;
  rowsRead: number;
  alarmsSet: number;
}
