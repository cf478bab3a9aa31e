import { useEffect, useRef } from "react";
import { type Action, actionFor } from "./shortcuts";

/** Fields whose own history of what is typed comes before that of the task. */
const TYPED_IN = "textarea[data-draft], textarea:not([data-side]), input:not([type=checkbox]):not([type=range])";
const CONTROLS = "button, a, summary, [role=slider], [role=tab], [role=radio], [role=menuitem]";

/** Listen for the editor's keys; dialogs and menus keep theirs. */
export function useShortcuts(actions: Partial<Record<Action, () => void>>): void {
  const latest = useRef(actions);
  useEffect(() => {
    latest.current = actions;
  });
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      const target = event.target instanceof Element ? event.target : document.body;
      if (event.defaultPrevented || event.isComposing || target.closest("[role=dialog], [role=menu]")) return;
      const inField = target.matches("textarea, input:not([type=checkbox]):not([type=range])");
      const action = actionFor(event, inField, target.matches(CONTROLS));
      const act = action && latest.current[action];
      if (!act || action === "commit_next") return; // Enter belongs to the field it is pressed in
      if ((action === "undo" || action === "redo") && target.matches(TYPED_IN)) return;
      event.preventDefault();
      act();
    };
    window.addEventListener("keydown", onKey);
    return () => window.removeEventListener("keydown", onKey);
  }, []);
}
