export { type OpenLog, openLog } from "./open-log.ts";
