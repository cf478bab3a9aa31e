import { useQuery } from "@tanstack/react-query";
import { PackageOpen } from "lucide-react";
import { useTranslation } from "react-i18next";
import type { Artifact, LanguageStatus } from "@/api/generated";
import { artifactsQuery } from "@/api/queries";
import { useTaskActions } from "@/api/task-actions";
import { FileRow } from "@/components/export-files";
import { Badge } from "@/components/ui/badge";
import { Button } from "@/components/ui/button";
import { Dialog } from "@/components/ui/dialog";
import { Empty } from "@/components/ui/states";
import { languageName } from "@/core/format";
import { canStart, languageTone, shownStatus, targets, unspoken } from "@/core/progress";
import { useEditor } from "../state/context";
import { show, useView } from "../state/view";
import { RecipeSection } from "./recipe-section";

/** What can be taken away: the files of every language, and other shapes of them by recipe. */
export function ExportDialog() {
  const { t } = useTranslation();
  const open = useView((state) => state.exporting);
  return (
    <Dialog
      wide
      open={open}
      onOpenChange={(exporting) => show({ exporting })}
      title={t("export.title")}
      description={t("export.text")}
    >
      {open && <Contents />}
    </Dialog>
  );
}

function Contents() {
  const { t } = useTranslation();
  const { task } = useEditor();
  const actions = useTaskActions();
  const { data: artifacts = [] } = useQuery(artifactsQuery(task.task_id));
  const changed = unspoken(task);
  const any = artifacts.some((file) => file.language !== "base");
  return (
    <div className="grid grid-cols-[minmax(0,1fr)] gap-5">
      {(shownStatus(task) === "stale" || changed > 0) && (
        <div className="bg-warn-soft text-warn flex flex-wrap items-center justify-between gap-2 rounded-lg px-3.5 py-2.5">
          <p>{changed > 0 ? t("export.unspoken", { count: changed }) : t("export.stale")}</p>
          <span className="inline-flex flex-wrap gap-2">
            {changed > 0 && (
              <Button small onClick={() => void actions.dubChanged(task)}>
                {t("editor.dub_changed_export", { count: changed })}
              </Button>
            )}
            {canStart(task) && (
              <Button small onClick={() => void actions.start([task])}>
                {t(changed > 0 ? "export.without" : "editor.update_export")}
              </Button>
            )}
          </span>
        </div>
      )}
      {!any && (
        <Empty icon={PackageOpen} title={t("export.none_title")}>
          {t("export.none_text")}
        </Empty>
      )}
      {targets(task).map(([code, state]) => (
        <LanguageFiles
          key={code}
          code={code}
          state={state}
          files={artifacts.filter((file) => file.language === code)}
        />
      ))}
      <RecipeSection />
    </div>
  );
}

function LanguageFiles({ code, state, files }: { code: string; state: LanguageStatus; files: Artifact[] }) {
  const { t, i18n } = useTranslation();
  const { task } = useEditor();
  if (files.length === 0) return null;
  return (
    <section>
      <h3 className="mb-1.5 flex items-center gap-2 font-medium">
        {languageName(code, i18n.language)}{" "}
        <Badge look={task.nothing_to_dub ? "idle" : languageTone(state)}>
          {t(`status.${task.nothing_to_dub ? "silent" : state.status}`)}
        </Badge>
      </h3>
      <ul className="border-line divide-line divide-y rounded-lg border">
        {files.map((file) => (
          <FileRow key={file.name} {...file} name={file.saved_as} />
        ))}
      </ul>
    </section>
  );
}
