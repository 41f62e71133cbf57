import config from "../../../../tidemark.config.ts";

/** Without models and reactions: the numbers of a session's records are then those of its events. */
export default { ...config, models: [], reactions: [] };
