/** An error about a model file that cannot be computed exactly, or about a prediction without a finite value. */
export class ModelError extends Error {
  override name = "ModelError";
  readonly field: string;
  readonly expected: string;
  readonly given: string;

  /**
   * @param field Path of the field in the file, such as `learner.objective.name`.
   * @param expected Description of the accepted values.
   * @param given The value in the file, as JSON, cut to 80 characters.
   * @param advice The next step. Default: none.
   */
  constructor(field: string, expected: string, given: string, advice?: string) {
    super(`model file: ${field}: expected ${expected}; given ${given}${advice === undefined ? "" : `. ${advice}`}`);
    this.field = field;
    this.expected = expected;
    this.given = given;
  }
}
