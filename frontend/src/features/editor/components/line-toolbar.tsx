import { ListChecks, RefreshCw, Search } from "lucide-react";
import { useTranslation } from "react-i18next";
import { Button } from "@/components/ui/button";
import { IconButton } from "@/components/ui/icon-button";
import { Segmented } from "@/components/ui/segmented";
import { changedLines } from "@/core/lines";
import { useEditor } from "../state/context";
import { useEdits } from "../state/use-edits";
import { show, useView } from "../state/view";
import { awaitTake, settleTakes, waitKey } from "../state/waiting";
import { BesideTools } from "./beside-tools";
import { SubtitleMenu } from "./subtitle-menu";

export function LineToolbar() {
  const { t } = useTranslation();
  const { task, language, rows, judged, read } = useEditor();
  const { dubChanged } = useEdits(task.task_id, language);
  const { filter, finding } = useView();
  const review = [...judged.values()].filter(({ issue }) => issue).length;
  const changed = changedLines(rows);
  const dubAll = async () => {
    const asked = changed.map((line): [string, number] => [
      waitKey(task.task_id, language, line.segment_id),
      line.version,
    ]);
    awaitTake(asked, null);
    if (!(await dubChanged(changed))) settleTakes(asked.map(([key]) => key));
  };
  return (
    <div className="border-line flex flex-wrap items-center gap-2 border-b px-3 py-2">
      <Segmented
        label={t("editor.filter")}
        value={filter}
        onChange={(next) => show({ filter: next })}
        options={[
          {
            value: "all",
            label: (
              <>
                {t("editor.all")} <span className="tabular-nums">{read.segments ? rows.length : "…"}</span>
              </>
            ),
          },
          {
            value: "review",
            label: (
              <>
                <ListChecks aria-hidden size={14} />
                {t("editor.review")}{" "}
                <span className="tabular-nums" data-testid="review-count">
                  {read.review ? review : "…"}
                </span>
              </>
            ),
          },
        ]}
      />
      {changed.length > 0 && (
        <Button small icon={RefreshCw} onClick={() => void dubAll()}>
          {t("editor.dub_changed", { count: changed.length })}
        </Button>
      )}
      <span className="ml-auto flex items-center gap-1">
        <BesideTools />
        <IconButton
          small
          icon={Search}
          label={t("editor.find")}
          shortcut="Ctrl+F"
          pressed={finding}
          onClick={() => show({ finding: !finding, search: "" })}
        />
        <SubtitleMenu />
      </span>
    </div>
  );
}
