import { useEditor } from "../state/context";
import { useHistory } from "../state/history";
import { usePlaying } from "../state/transport";
import { useEdits } from "../state/use-edits";
import { useRedub } from "../state/use-redub";
import { useShortcuts } from "../state/use-shortcuts";
import { useStep } from "../state/use-step";
import { useStructure } from "../state/use-structure";
import { show, useView } from "../state/view";

const NUDGE_S = 0.05;
const JUMP_S = 2;

/** What the keys of the editor do. */
export function EditorKeys() {
  const { task, language, rows, transport } = useEditor();
  const step = useStep();
  const redub = useRedub();
  const structure = useStructure();
  const history = useHistory(task.task_id, language);
  const { retime } = useEdits(task.task_id, language);
  const selected = useView((state) => state.selected);
  const row = rows.find(({ segment }) => segment.segment_id === selected);
  const nudge = (by: number) => {
    if (row)
      void retime(row.segment.segment_id, {
        start_s: Math.max(0, row.segment.start_s + by),
        end_s: row.segment.end_s + by,
      });
  };
  useShortcuts({
    play: () => transport.toggle(),
    play_line: () => row && transport.playSpan(row.segment.start_s, row.segment.end_s),
    back: () => transport.seek(transport.time - JUMP_S),
    forward: () => transport.seek(transport.time + JUMP_S),
    previous: () => step(-1),
    next: () => step(1),
    dub: () => row && void redub(row.segment.segment_id),
    split: () => row && structure.split(row.segment.segment_id),
    merge: () => row && structure.merge(row.segment.segment_id),
    undo: () => history.canUndo && history.undo(),
    redo: () => history.canRedo && history.redo(),
    find: () => show({ finding: true }),
    nudge_earlier: () => nudge(-NUDGE_S),
    nudge_later: () => nudge(NUDGE_S),
    swap_voice: () => transport.setVoice(usePlaying.getState().voice === "dub" ? "original" : "dub"),
    help: () => show({ help: true }),
  });
  return null;
}
