throw new TypeError("MARKER");
