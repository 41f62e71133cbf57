import type { FieldsOf } from "@tidemark/schema";
import type { Signal } from "../events/signal.ts";
import { HTMLFormElement, Map, Set } from "../platform.ts";
import { now } from "../sensors/clock.ts";
import { combineStops, listen, type Stop } from "../sensors/listen.ts";
import { call, isElement } from "../sensors/members.ts";
import { isBeingLeft } from "../sensors/page-state.ts";
import { ignoredBy, isSecret } from "../sensors/privacy.ts";
import { describe, type Target } from "../sensors/target.ts";

/**
 * A visitor's attempt at a form, from its start to its submit. Elements are described at once: they may be removed
 * later.
 */
interface Attempt {
  form: Target;
  since: number;
  edited: Set<Element>;
  last?: { last_field: Target };
  stop: Stop;
}

/** The focus of one field, with the fields of its event. */
interface FieldFocus {
  element: Element;
  since: number;
  fields: Omit<FieldsOf<"form_field">, "focus_ms">;
}

const isForm = (target: unknown) => target instanceof HTMLFormElement;

/**
 * Captures the use of forms, in times (milliseconds) and counts. It never reports a value, nor anything in an element
 * with `data-tm-ignore`.
 *
 * - `form_start`: the first field of a form gets the focus.
 * - `form_field`: a field is left.
 * - `form_submit`: the form has a submit event.
 * - `form_abandon`: the page view ends or the page is left, and the form was started and not submitted.
 *
 * Fields are inputs, selects and text areas, also in open shadow roots. A field outside of any form has `form_field`
 * only, since it cannot be submitted. Buttons are no fields.
 *
 * - A field is left when it loses the focus, its form is submitted, the page is hidden or the page view ends. A field
 *   that already had the focus when the signal or the page view started counts from its first edit.
 * - Edits are `input` events. For a password or card field, 0 or 1 states whether there was one: a count would reveal
 *   the length.
 * - Each submit event ends an attempt, also one that a script then prevents. The next focus or edit starts another
 *   attempt.
 * - Failed validation in the browser and `form.submit()` in a script fire no submit event, and do not count.
 * - A change of tab abandons no form. Leaving the page does, also into the back-forward cache: a restored page has a
 *   new page view.
 */
export const forms = (): Signal => (context) => {
  context.runs("forms");
  const attempts = new Map<HTMLFormElement, Attempt>();
  let focus: FieldFocus | undefined;

  const beginAttempt = (form: HTMLFormElement, since: number) => {
    const attempt: Attempt = {
      form: describe(form),
      since,
      edited: new Set(),
      // Unlike focus events, `submit` does not leave a shadow root.
      stop: listen(form, "submit", submit),
    };
    attempts.set(form, attempt);
    return attempt;
  };

  const endAttempt = (element: HTMLFormElement) => {
    const at = now();
    const { form, since, edited, stop } = attempts.get(element) ?? beginAttempt(element, at);
    attempts.delete(element);
    stop();
    return { form, since_start_ms: at - since, fields_edited: edited.size };
  };

  /** Forgets what is left of a page view. */
  const forget = () => {
    focus = undefined;
    for (const { stop } of attempts.values()) stop();
    attempts.clear();
  };

  const leaveField = () => {
    if (focus) context.continueSession();
    if (focus) context.capture("form_field", { ...focus.fields, focus_ms: now() - focus.since });
    focus = undefined;
  };

  const onField = (event: Event) => {
    const path = event.composedPath();
    const element = path[0] as HTMLInputElement;
    if (!isElement(element) || !call(element, "matches", "input,select,textarea")) return;
    const { localName, type } = element;
    // Buttons are no fields: browsers disagree on whether a click focuses them.
    if (/submit|reset|button|image/.test(type) || ignoredBy(element)) return;
    context.continueSession();
    const form = element.form ?? path.find(isForm);
    const at = now();
    let attempt = form && attempts.get(form);
    // Autofill edits fields that do not have the focus.
    if (focus?.element !== element && call(element, "matches", ":focus")) {
      leaveField();
      const field = describe(element);
      if (form && !attempt) {
        attempt = beginAttempt(form, at);
        context.capture("form_start", { form: attempt.form });
      }
      if (attempt) attempt.last = { last_field: field };
      focus = {
        element,
        since: at,
        fields: { form: attempt?.form ?? field, field, field_type: localName === "input" ? type : localName, edits: 0 },
      };
    }
    if (event.type !== "input") return;
    attempt?.edited.add(element);
    if (focus?.element !== element) return;
    const { fields } = focus;
    fields.edits = isSecret(element) ? 1 : fields.edits + 1;
    fields.first_edit_ms ??= at - focus.since;
  };

  const submit = ({ target }: Event) => {
    if (!isForm(target) || ignoredBy(target)) return;
    context.continueSession();
    leaveField();
    context.capture("form_submit", endAttempt(target));
  };

  const abandon = () => {
    leaveField();
    for (const [form, { last }] of attempts) context.capture("form_abandon", { ...endAttempt(form), ...last });
  };

  context.on("view", forget);
  context.on("report", (reason) => {
    if (reason === "view_end" || isBeingLeft()) abandon();
    else if (reason === "hidden") leaveField();
  });
  return combineStops(
    listen(document, "focusin input", onField),
    listen(document, "focusout", leaveField),
    listen(document, "submit", submit),
    forget,
  );
};
