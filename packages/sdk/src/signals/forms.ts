import type { FieldsOf } from "@tidemark/schema";
import type { Signal } from "../events/signal.ts";
import { guard } from "../guard.ts";
import { now } from "../sensors/clock.ts";
import { combineStops, listen, type Stop } from "../sensors/listen.ts";
import { onPageChange } from "../sensors/page-state.ts";
import { ignoredBy, isSecret } from "../sensors/privacy.ts";
import { describe, type Target } from "../sensors/target.ts";

/** What happens to a form between its start and its submit. Elements are described at once: they may be gone by then. */
interface Attempt {
  form: Target;
  since: number;
  edited: Set<Element>;
  last?: { last_field: Target };
  stop: Stop;
}

/** The focus of one field, and what there is to tell of it. */
interface Stay {
  element: Element;
  since: number;
  told: Omit<FieldsOf<"form_field">, "focus_ms">;
}

const isForm = (target: unknown) => target instanceof HTMLFormElement;

/**
 * Forms: `form_start` when the first field of a form gets the focus, `form_field` when a field is left, `form_submit` with
 * each submit event, `form_abandon` for each form that was started and not submitted when the view ends or the page is
 * left. Fields are inputs, selects and text areas, in open shadow roots too; one outside of any form has `form_field` only,
 * since it cannot be submitted. Times in milliseconds; never a value, and nothing of what `data-tm-ignore` holds.
 *
 * - A field is left when it loses the focus, its form is submitted, the page is hidden or the view ends. A field that had
 *   the focus already when measuring or a view began counts from its first edit. Buttons are no fields.
 * - Edits are `input` events. Of a password or card field only whether there was one is told (0 or 1): more is its length.
 * - Each submit event ends an attempt, also one that a script then prevents; the next focus or edit starts another. A
 *   validation that fails in the browser and `form.submit()` by script fire no event, and so do not count.
 * - A change of tab abandons nothing. Leaving the page does, also into the back-forward cache: what comes back is a new view.
 */
export const forms = (): Signal => (context) => {
  const attempts = new Map<HTMLFormElement, Attempt>();
  let stay: Stay | undefined;

  const begin = (form: HTMLFormElement, since: number) => {
    const attempt: Attempt = {
      form: describe(form),
      since,
      edited: new Set(),
      // `submit` does not leave a shadow root, as the focus does.
      stop: listen(form, "submit", submit),
    };
    attempts.set(form, attempt);
    return attempt;
  };

  const end = (element: HTMLFormElement) => {
    const at = now();
    const { form, since, edited, stop } = attempts.get(element) ?? begin(element, at);
    attempts.delete(element);
    stop();
    return { form, since_start_ms: at - since, fields_edited: edited.size };
  };

  const leave = () => {
    if (stay) context.capture("form_field", { ...stay.told, focus_ms: now() - stay.since });
    stay = undefined;
  };

  // Guarded, as `submit` is: a field's name can hide a property of its form (`<input name="id">`).
  const visit = guard((event: Event) => {
    const path = event.composedPath();
    const element = path[0] as HTMLInputElement;
    const { localName, type } = element;
    // Buttons are no fields: engines disagree on whether a click gives them the focus.
    if (!element.matches?.("input,select,textarea") || /submit|reset|button|image/.test(type) || ignoredBy(element))
      return;
    const form = element.form ?? path.find(isForm);
    const at = now();
    let attempt = form && attempts.get(form);
    // Autofill edits fields without focus.
    if (stay?.element !== element && element.matches(":focus")) {
      leave();
      const field = describe(element);
      if (form && !attempt) {
        attempt = begin(form, at);
        context.capture("form_start", { form: attempt.form });
      }
      if (attempt) attempt.last = { last_field: field };
      stay = {
        element,
        since: at,
        told: { form: attempt?.form ?? field, field, field_type: localName === "input" ? type : localName, edits: 0 },
      };
    }
    if (event.type !== "input") return;
    attempt?.edited.add(element);
    if (stay?.element !== element) return;
    const { told } = stay;
    told.edits = isSecret(element) ? 1 : told.edits + 1;
    told.first_edit_ms ??= at - stay.since;
  });

  const submit = guard(({ target }: Event) => {
    if (!isForm(target) || ignoredBy(target)) return;
    leave();
    context.capture("form_submit", end(target));
  });

  const abandon = () => {
    leave();
    for (const [form, { last }] of attempts) context.capture("form_abandon", { ...end(form), ...last });
  };

  context.on("report", (reason) => {
    if (reason === "view_end") abandon();
    else if (reason === "hidden") leave();
  });
  return combineStops(
    listen(document, "focusin input", visit),
    listen(document, "focusout", leave),
    listen(document, "submit", submit),
    onPageChange((change) => change === "leave" && abandon()),
    abandon,
  );
};
