/**
 * An error about a stored value, or a call of another object, in the form of a later release. During a rollout two
 * releases run side by side: the same call may succeed later, in the other one.
 */
export class LaterReleaseError extends Error {
  override name = "LaterReleaseError";
}

/**
 * Checks the version of a stored value or a call.
 *
 * @param subject The value, in words.
 * @param given Absent in a release without versions, which is version 0.
 * @param known The latest version that this release reads. It converts all earlier ones.
 * @throws LaterReleaseError
 */
export const expectKnown = (subject: string, given: number | undefined, known: number): void => {
  if ((given ?? 0) <= known) return;
  throw new LaterReleaseError(`${subject} has version ${given} of a later release; this one reads up to ${known}`);
};
