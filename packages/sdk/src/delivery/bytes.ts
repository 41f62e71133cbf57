import { TextEncoder } from "../platform.ts";

/** Encodes a text as UTF-8. Unlike a Blob, the result costs the browser nothing in addition to the bytes. */
export const bytesOf = (text: string): Uint8Array<ArrayBuffer> => new TextEncoder().encode(text);

/** The size of a text as UTF-8, in bytes. A text of ASCII only is as long as its bytes, and is not encoded. */
export const byteLength = (text: string): number => (/[^\0-\x7f]/.test(text) ? bytesOf(text).length : text.length);
