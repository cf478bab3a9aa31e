import type { TFunction } from "i18next";
import { useTranslation } from "react-i18next";
import { type Command, useOffer } from "@/components/commands";
import { spanOf } from "@/core/lines";
import { isInLine } from "../state/caret";
import { useEditor } from "../state/context";
import { useHistory } from "../state/history";
import { type Action, type Shortcut, SHORTCUTS } from "../state/shortcuts";
import { usePlaying } from "../state/transport";
import { useEditorCommands } from "../state/use-editor-commands";
import { useEdits } from "../state/use-edits";
import { useRedub } from "../state/use-redub";
import { useShortcuts } from "../state/use-shortcuts";
import { useStep } from "../state/use-step";
import { useStructure } from "../state/use-structure";
import { show, useView } from "../state/view";

const NUDGE_S = 0.05;
const JUMP_S = 2;

/** An action as a command, under the first of its keys. */
function asCommand({ action, keys }: Shortcut, actions: Partial<Record<Action, () => void>>, t: TFunction): Command[] {
  const run = actions[action];
  const first = SHORTCUTS.find((shortcut) => shortcut.action === action)?.keys === keys;
  return run && first ? [{ id: action, label: t(`shortcut.${action}`), keys, run }] : [];
}

/** What the keys of the editor do, and what it offers by name. */
export function EditorKeys() {
  const { t } = useTranslation();
  const { task, language, rows, transport } = useEditor();
  const step = useStep();
  const redub = useRedub();
  const structure = useStructure();
  const history = useHistory(task.task_id, language);
  const { move } = useEdits(task.task_id, language);
  const selected = useView((state) => state.selected);
  const row = rows.find(({ segment }) => segment.segment_id === selected);
  const nudge = (by: number) => {
    if (!row) return;
    const { start_s, end_s } = spanOf(row);
    void move(row.segment.segment_id, { start_s: Math.max(0, start_s + by), end_s: end_s + by });
  };
  const actions: Partial<Record<Action, () => void>> = {
    play: () => transport.toggle(),
    play_line: () => row && transport.playSpan(row.segment.start_s, row.segment.end_s),
    back: () => transport.seek(transport.time - JUMP_S),
    forward: () => transport.seek(transport.time + JUMP_S),
    previous: () => step(-1),
    next: () => step(1),
    dub: () => row && void redub(row.segment.segment_id),
    split: () => {
      const id = row?.segment.segment_id;
      if (id) void structure.split(id, isInLine(id) ? "cursor" : "playhead");
    },
    merge: () => row && structure.merge(row.segment.segment_id),
    undo: () => history.canUndo && history.undo(),
    redo: () => history.canRedo && history.redo(),
    find: () => show({ finding: true }),
    nudge_earlier: () => nudge(-NUDGE_S),
    nudge_later: () => nudge(NUDGE_S),
    swap_voice: () => transport.setVoice(usePlaying.getState().voice === "dub" ? "original" : "dub"),
    help: () => show({ help: true }),
  };
  useShortcuts(actions);
  const more = useEditorCommands();
  useOffer(() => [...SHORTCUTS.flatMap((shortcut) => asCommand(shortcut, actions, t)), ...more]);
  return null;
}
