/** Resources that the Durable Objects of one binding used since the Worker started. */
export interface PartCounts {
  /** Calls, and runs of alarms. */
  objectRequests: number;
  /** Time in which a call, an alarm or the work after a response was in progress, summed over the objects, in milliseconds. */
  activeMs: number;
  rowsWritten: number;
  rowsRead: number;
  /** Alarms set. Each is also one of the rows written. */
  alarmsSet: number;
  /** Operations of object storage that change or list objects, and that read one. */
  bucketWrites?: number;
  bucketReads?: number;
}

/** Resources of the platform that were used since the Worker started. */
export interface Counts {
  requests: number;
  /** By the name of the binding. */
  parts: Record<string, PartCounts>;
}
