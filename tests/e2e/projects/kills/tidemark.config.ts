export { default } from "../../../../tidemark.config.ts";
