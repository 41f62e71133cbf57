import { z } from "zod";
import { count, duration, target } from "../fields.ts";
import { viewEvent } from "./event.ts";

const form = target.describe("The form; for a field outside of any form, the field itself.");
const sinceStart = duration("Time since the first field of the form got the focus.");

/** A field of a form was left. */
export const formField = viewEvent("form_field", {
  form,
  field: target.describe("The field. Never its value."),
  field_type: z
    .string()
    .max(40)
    .describe("The field's type: the input's type, `select`, `textarea`. At most 40 characters."),
  focus_ms: duration("How long the field had the focus, this time."),
  first_edit_ms: duration("Time from this focus until the first edit. Absent when nothing was edited.").optional(),
  edits: count("Edits during this focus: input events, whatever their length."),
}).describe("A field of a form was left.");

/** The first field of a form got the focus. */
export const formStart = viewEvent("form_start", { form }).describe("The first field of a form got the focus.");

/** A form was submitted. */
export const formSubmit = viewEvent("form_submit", {
  form,
  since_start_ms: sinceStart,
  fields_edited: count("Different fields that were edited."),
}).describe("A form was submitted.");

/** A form was started and left without being submitted: the page view ended. */
export const formAbandon = viewEvent("form_abandon", {
  form,
  since_start_ms: sinceStart,
  fields_edited: count("Different fields that were edited."),
  last_field: target.describe("The field that had the focus last.").optional(),
}).describe("A form was started and left without being submitted.");
