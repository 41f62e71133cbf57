/** What was asked of the platform since the Worker started. */
export interface Counts {
  requests: number;
  objectRequests: number;
  /** Time that objects were at work, in milliseconds: what calls took, and what came after the answer, each for itself. More than is billed. */
  objectMs: number;
  rowsWritten: number;
  rowsRead: number;
  alarmsSet: number;
}
