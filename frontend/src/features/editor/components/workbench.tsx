import { useTranslation } from "react-i18next";
import { Question } from "@/components/question";
import { PanelBoundary } from "@/components/ui/panel-boundary";
import { useEditor } from "../state/context";
import { useSendDrafts } from "../state/use-send-drafts";
import { useWaitForTakes } from "../state/use-wait-for-takes";
import { EditorKeys } from "./editor-keys";
import { ConflictDialog } from "./conflict-dialog";
import { EditorHeader } from "./editor-header";
import { ExportDialog } from "./export-dialog";
import { HelpDialog } from "./help-dialog";
import { LeaveGuard } from "./leave-guard";
import { LinePanel } from "./line-panel";
import { Player } from "./player";
import { Properties } from "./properties";
import { Timeline } from "./timeline";

/** Player, lines, properties and timeline, each on its own when one of them fails. */
export function Workbench() {
  const { t } = useTranslation();
  const editor = useEditor();
  useWaitForTakes(editor);
  useSendDrafts(editor.task.task_id, editor.language);
  return (
    <div className="flex min-h-0 flex-1 flex-col lg:h-[calc(100dvh-3.3125rem)] lg:flex-none">
      <title>{`${editor.task.video_original_name} · LocalClip`}</title>
      <EditorHeader />
      {editor.task.waiting_for && (
        <div className="px-3 pb-3 sm:px-5">
          <Question task={editor.task} question={editor.task.waiting_for} />
        </div>
      )}
      <div className="grid min-h-0 flex-1 gap-3 px-3 pb-3 sm:px-5 lg:grid-cols-[minmax(20rem,36rem)_minmax(0,1fr)] lg:grid-rows-[minmax(0,1fr)_auto]">
        <div className="flex min-h-0 min-w-0 flex-col gap-3">
          <PanelBoundary>
            <Player />
          </PanelBoundary>
          <section aria-label={t("editor.properties")} className="panel min-h-0 flex-1 overflow-hidden max-lg:hidden">
            <PanelBoundary>
              <Properties />
            </PanelBoundary>
          </section>
        </div>
        <section
          aria-label={t("editor.lines")}
          className="panel flex min-h-[28rem] min-w-0 flex-col overflow-hidden max-lg:order-3 lg:min-h-0"
        >
          <PanelBoundary>
            <LinePanel />
          </PanelBoundary>
        </section>
        <section
          aria-label={t("editor.timeline")}
          className="panel min-w-0 overflow-hidden max-lg:order-2 lg:col-span-2"
        >
          <PanelBoundary>
            <Timeline />
          </PanelBoundary>
        </section>
        <section aria-label={t("editor.properties")} className="panel order-4 min-w-0 lg:hidden">
          <PanelBoundary>
            <Properties />
          </PanelBoundary>
        </section>
      </div>
      <EditorKeys />
      <ConflictDialog />
      <ExportDialog />
      <HelpDialog />
      <LeaveGuard />
    </div>
  );
}
