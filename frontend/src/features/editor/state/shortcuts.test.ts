import { expect, it } from "vitest";
import { actionFor, pressed } from "./shortcuts";

const press = (key: string, values: Partial<KeyboardEvent> = {}) => ({
  key,
  code: "",
  ctrlKey: false,
  metaKey: false,
  altKey: false,
  shiftKey: false,
  ...values,
});

it("key presses are named the same on every keyboard", () => {
  expect(pressed(press("z", { code: "KeyZ", metaKey: true, shiftKey: true }))).toBe("Ctrl+Shift+Z");
  expect(pressed(press("ß", { code: "KeyS", altKey: true }))).toBe("Alt+S");
  expect(pressed(press(" ", { code: "Space", ctrlKey: true }))).toBe("Ctrl+Space");
  expect(pressed(press("?", { code: "Slash", shiftKey: true }))).toBe("?");
});

it("in a text field only those work that do not type", () => {
  expect(actionFor(press(" ", { code: "Space" }), false, false)).toBe("play");
  expect(actionFor(press(" ", { code: "Space" }), true, false)).toBeUndefined();
  expect(actionFor(press(" ", { code: "Space", ctrlKey: true }), true, false)).toBe("play");
  expect(actionFor(press("Enter", { ctrlKey: true }), true, false)).toBe("dub");
  expect(actionFor(press("[", { code: "BracketLeft" }), true, false)).toBeUndefined();
  expect(actionFor(press("[", { code: "BracketLeft", altKey: true }), true, false)).toBe("nudge_earlier");
});

it("a button keeps the keys that press it", () => {
  expect(actionFor(press(" ", { code: "Space" }), false, true)).toBeUndefined();
  expect(actionFor(press("?", { code: "Slash", shiftKey: true }), false, true)).toBe("help");
});
