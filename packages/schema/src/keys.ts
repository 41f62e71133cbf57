/** Forms of ids and keys. Plain constants: importing this entry adds no other code to a bundle. */

/** A site's id. Part of its key, of session ids and of object names. */
export const SITE_ID = /^[a-z0-9-]{1,32}$/;

/** A site's public key: `tm_<site>_` and 8 or more letters or digits. */
export const SITE_KEY = /^tm_([a-z0-9-]{1,32})_[A-Za-z0-9]{8,}$/;

/** An identifier minted by a client. */
export const CLIENT_ID = /^[\w-]{8,64}$/;

/** A session's identifier: a client's own, or `<site>.<id>` when the SDK minted it. */
export const SESSION_ID = /^([a-z0-9-]{1,32}\.)?[\w-]{8,64}$/;
