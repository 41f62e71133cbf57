/** A number as a DOUBLE in every dialect: the exponent makes it one. */
export const double = (value: number): string => {
  const text = /e/.test(String(value)) ? String(value).replace("e+", "e") : `${value}e0`;
  return value < 0 ? `(${text})` : text;
};
