/** A DOUBLE literal in every dialect: a literal with an exponent is a DOUBLE. */
export const double = (value: number): string => {
  const text = /e/.test(String(value)) ? String(value).replace("e+", "e") : `${value}e0`;
  return value < 0 ? `(${text})` : text;
};
