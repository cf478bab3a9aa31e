import { useTranslation } from "react-i18next";
import type { LineRead } from "@/api/generated";
import { editing, type LineChange } from "@/api/editing";
import { Check } from "@/components/ui/fields";
import { useEditor } from "../state/context";
import { useEdits } from "../state/use-edits";

/** Properties of a line that only gateways with the editing interface tell of. */
type Switchable = LineRead & { omitted?: boolean; pinned?: boolean };

export function LineSwitches({ line }: { line: Switchable }) {
  const { t } = useTranslation();
  const { task, language } = useEditor();
  const { edit } = useEdits(task.task_id, language);
  if (line.omitted === undefined) return null;
  const set = (change: LineChange) => void edit(() => editing.changeLine(task.task_id, language, line.segment_id, line.version, change));
  return (
    <div className="flex flex-wrap gap-x-5 gap-y-1.5">
      <Check label={t("properties.omitted")} checked={line.omitted} onChange={(event) => set({ omitted: event.target.checked })} />
      <Check label={t("properties.pinned")} checked={line.pinned ?? false} onChange={(event) => set({ pinned: event.target.checked })} />
    </div>
  );
}
