import { useTranslation } from "react-i18next";
import type { LineRead, LineUpdate } from "@/api/generated";
import { Check } from "@/components/ui/fields";
import { useEditor } from "../state/context";
import { useEdits } from "../state/use-edits";

/** What a person decides about a line: leave the original in its place, or keep its text and take as they are. */
export function LineSwitches({ line }: { line: LineRead }) {
  const { t } = useTranslation();
  const { task, language } = useEditor();
  const { setLine } = useEdits(task.task_id, language);
  const set = (change: LineUpdate) => void setLine(line.segment_id, change);
  return (
    <div className="flex flex-wrap gap-x-5 gap-y-1.5">
      <Check
        label={t("properties.omitted")}
        checked={line.omitted}
        onChange={(event) => set({ omitted: event.target.checked })}
      />
      <Check
        label={t("properties.pinned")}
        checked={line.pinned}
        onChange={(event) => set({ pinned: event.target.checked })}
      />
    </div>
  );
}
