/** The functions that turn a model's sum into its prediction, by name. */
export const links = {
  identity: (sum: number): number => sum,
  logistic: (sum: number): number => 1 / (1 + Math.exp(-sum)),
  exp: (sum: number): number => Math.exp(sum),
  /** `log(1 + exp(sum))`, in a form that does not overflow. */
  softplus: (sum: number): number => Math.max(sum, 0) + Math.log1p(Math.exp(-Math.abs(sum))),
  /** The square, with the sign of the sum. */
  signed_square: (sum: number): number => Math.sign(sum) * sum * sum,
  /** 1 for a positive sum, else 0. */
  step: (sum: number): number => (sum > 0 ? 1 : 0),
} as const;

/** The name of a link. */
export type LinkName = keyof typeof links;
