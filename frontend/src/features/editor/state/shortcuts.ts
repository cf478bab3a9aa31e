/** Keys of the editor. Those with a modifier work inside text fields, too. */
export type Action =
  | "play"
  | "play_line"
  | "previous"
  | "next"
  | "commit_next"
  | "dub"
  | "split"
  | "merge"
  | "undo"
  | "redo"
  | "find"
  | "nudge_earlier"
  | "nudge_later"
  | "swap_voice"
  | "help"
  | "palette"
  | "back"
  | "forward";

export interface Shortcut {
  action: Action;
  keys: string;
  inFields: boolean;
}

export const SHORTCUTS: Shortcut[] = [
  { action: "play", keys: "Space", inFields: false },
  { action: "play", keys: "Ctrl+Space", inFields: true },
  { action: "play_line", keys: "Alt+P", inFields: true },
  { action: "back", keys: "ArrowLeft", inFields: false },
  { action: "forward", keys: "ArrowRight", inFields: false },
  { action: "previous", keys: "ArrowUp", inFields: false },
  { action: "next", keys: "ArrowDown", inFields: false },
  { action: "previous", keys: "Alt+ArrowUp", inFields: true },
  { action: "next", keys: "Alt+ArrowDown", inFields: true },
  { action: "commit_next", keys: "Enter", inFields: true },
  { action: "dub", keys: "Ctrl+Enter", inFields: true },
  { action: "split", keys: "Alt+S", inFields: true },
  { action: "merge", keys: "Alt+M", inFields: true },
  { action: "undo", keys: "Ctrl+Z", inFields: true },
  { action: "redo", keys: "Ctrl+Shift+Z", inFields: true },
  { action: "find", keys: "Ctrl+F", inFields: true },
  { action: "nudge_earlier", keys: "[", inFields: false },
  { action: "nudge_earlier", keys: "Alt+[", inFields: true },
  { action: "nudge_later", keys: "]", inFields: false },
  { action: "nudge_later", keys: "Alt+]", inFields: true },
  { action: "swap_voice", keys: "A", inFields: false },
  { action: "swap_voice", keys: "Alt+A", inFields: true },
  { action: "palette", keys: "Ctrl+K", inFields: true },
  { action: "help", keys: "?", inFields: false },
];

type KeyPress = Pick<KeyboardEvent, "key" | "code" | "ctrlKey" | "metaKey" | "altKey" | "shiftKey">;

/** How a key press is written in the list above; ⌘ counts as Ctrl. */
export function pressed(event: KeyPress): string {
  const letter = event.code.startsWith("Key") ? event.code.slice(3) : event.key; // Alt+S types ß on a Mac
  const key = letter === " " || event.code === "Space" ? "Space" : letter.length === 1 ? letter.toUpperCase() : letter;
  const shift = event.shiftKey && (key.length > 1 || /[A-Z]/.test(key));
  return [(event.ctrlKey || event.metaKey) && "Ctrl", event.altKey && "Alt", shift && "Shift", key]
    .filter(Boolean)
    .join("+");
}

/** What a key press asks for. `inField`: the focus is in a text field; `onControl`: on a button or link, which Space and Enter press. */
export function actionFor(event: KeyPress, inField: boolean, onControl: boolean): Action | undefined {
  const keys = pressed(event);
  if (onControl && (keys === "Space" || keys === "Enter" || keys.startsWith("Arrow"))) return undefined;
  return SHORTCUTS.find((shortcut) => shortcut.keys === keys && (shortcut.inFields || !inField))?.action;
}
