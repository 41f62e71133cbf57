/** A text as UTF-8. Unlike a Blob it costs the browser nothing beside the bytes. */
export const bytesOf = (text: string): Uint8Array<ArrayBuffer> => new TextEncoder().encode(text);
