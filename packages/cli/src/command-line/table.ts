/**
 * A text on one line, cut to a width. It has no control characters, which a terminal would obey: anybody can send an
 * event with some.
 */
const cellOf = (text: string, maxWidth: number): string => {
  const line = text.replaceAll(/\s+/g, " ").replaceAll(/\p{Cc}/gu, "\ufffd");
  return line.length > maxWidth ? `${line.slice(0, maxWidth - 1).replace(/\p{Surrogate}$/u, "\ufffd")}…` : line;
};

/**
 * Formats rows as a table for people: a line of names, a rule, and a line for each row. Numbers are aligned to the
 * right; `null` is an empty cell.
 *
 * @param maxWidth Characters to which wide values are cut. Default: they are not cut.
 */
export const formatTable = (
  names: readonly string[],
  rows: readonly (readonly unknown[])[],
  maxWidth = Number.POSITIVE_INFINITY,
): string => {
  const texts = rows.map((row) =>
    row.map((value) =>
      cellOf(value === null ? "" : typeof value === "string" ? value : JSON.stringify(value), maxWidth),
    ),
  );
  const widths = names.map((name, column) => Math.max(name.length, ...texts.map((row) => row[column]?.length ?? 0)));
  const isNumeric = names.map((_, column) =>
    rows.every((row) => ["number", "bigint"].includes(typeof (row[column] ?? 0))),
  );
  const line = (cells: readonly string[]): string =>
    cells
      .map((cell, column) =>
        isNumeric[column] ? cell.padStart(widths[column] ?? 0) : cell.padEnd(widths[column] ?? 0),
      )
      .join("  ")
      .trimEnd();
  return [line(names), widths.map((width) => "-".repeat(width)).join("  "), ...texts.map(line)].join("\n");
};
