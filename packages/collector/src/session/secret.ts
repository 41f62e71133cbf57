import { createHash } from "node:crypto";

/** The SHA-256 of a session's secret, in hexadecimal digits: sessions store this, and never the secret. */
export const hashOfSecret = (secret: string): string => createHash("sha256").update(secret).digest("hex");
