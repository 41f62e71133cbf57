import { z } from "zod";
import { count, duration, target } from "../fields.ts";
import { viewEvent } from "./event.ts";

const form = target.describe("The form. For a field outside of any form: the field itself.");
const sinceStart = duration("Time since the first field of the form got the focus.");
const fieldsEdited = count("Distinct fields of the form that the visitor edited.");

/** The end of a visitor's stay in a field of a form. */
export const formField = viewEvent("form_field", {
  form,
  field: target.describe("The field. Never its value."),
  field_type: z
    .string()
    .max(40)
    .describe("Type of the field: an input's type, `select` or `textarea`. At most 40 characters."),
  focus_ms: duration("Length of this focus of the field."),
  first_edit_ms: duration("Time from the start of this focus to the first edit. Absent without an edit.").optional(),
  edits: count("Edits during this focus: `input` events, whatever their length."),
}).meta({ description: "The visitor leaves a field of a form.", capturedBy: ["forms()"] });

/** The first focus in a form. */
export const formStart = viewEvent("form_start", { form }).meta({
  description: "The first field of a form gets the focus.",
  capturedBy: ["forms()"],
});

/** Submission of a form. */
export const formSubmit = viewEvent("form_submit", {
  form,
  since_start_ms: sinceStart,
  fields_edited: fieldsEdited,
}).meta({ description: "The visitor submits a form.", capturedBy: ["forms()"] });

/** The end of a page view with a form that was started and not submitted. */
export const formAbandon = viewEvent("form_abandon", {
  form,
  since_start_ms: sinceStart,
  fields_edited: fieldsEdited,
  last_field: target.describe("The field that had the focus last.").optional(),
}).meta({ description: "A page view ends with a form that was started and not submitted.", capturedBy: ["forms()"] });
