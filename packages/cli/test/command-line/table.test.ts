import { describe, expect, it } from "vitest";
import { formatTable } from "../../src/command-line/table.ts";

describe("formatTable", () => {
  it("aligns numbers to the right, and leaves null empty", () => {
    expect(
      formatTable(
        ["name", "n"],
        [
          ["a", 1],
          [null, 20],
        ],
      ),
    ).toBe("name   n\n----  --\na      1\n      20");
  });

  it("replaces control characters, which a terminal would obey", () => {
    expect(formatTable(["a"], [["\u001b[2J\u0000\u009b1A\u0007"], ["two\r\nlines"]])).toBe(
      "a\n---------\n\ufffd[2J\ufffd\ufffd1A\ufffd\ntwo lines",
    );
  });

  it("cuts long values, and no character into halves", () => {
    expect(formatTable(["a"], [["abc😀def"]], 5)).toBe("a\n-----\nabc\ufffd…");
  });
});
