import { useTranslation } from "react-i18next";
import { Question } from "@/components/question";
import { later } from "@/components/ui/later";
import { useWide } from "@/components/ui/use-media";
import { useEditor } from "../state/context";
import { useSendDrafts } from "../state/use-send-drafts";
import { useWaitForTakes } from "../state/use-wait-for-takes";
import { BringDialog } from "./bring-dialog";
import { EditorKeys } from "./editor-keys";
import { ConflictDialog } from "./conflict-dialog";
import { EditorHeader } from "./editor-header";
import { ExportDialog } from "./export-dialog";
import { HelpDialog } from "./help-dialog";
import { LeaveGuard } from "./leave-guard";
import { focusLines } from "../state/focus";
import { Panes } from "./panes";
import { Stack } from "./stack";

const PictureQuestion = later(() => import("./picture-question"));

/** Over header, player and tools to the lines, for those who go by keys. */
function SkipToLines() {
  const { t } = useTranslation();
  return (
    <button
      type="button"
      onClick={focusLines}
      className="bg-accent text-on-accent sr-only z-50 rounded-md px-3 py-2 focus:not-sr-only focus:m-2 focus:self-start focus:px-3 focus:py-2"
    >
      {t("editor.skip")}
    </button>
  );
}

/** The page of a task: panes beside each other, or on a phone below each other. */
export function Workbench() {
  const wide = useWide();
  const editor = useEditor();
  useWaitForTakes(editor);
  useSendDrafts(editor.task.task_id, editor.language);
  return (
    <div className="flex min-h-0 flex-1 flex-col lg:h-[calc(100dvh-3.3125rem-var(--dock,0px))] lg:flex-none">
      <title>{`${editor.task.video_original_name} · LocalClip`}</title>
      <SkipToLines />
      <EditorHeader />
      {editor.task.waiting_for && (
        <div className="px-3 pb-3 sm:px-5">
          <Question task={editor.task} question={editor.task.waiting_for} />
        </div>
      )}
      <PictureQuestion />
      {wide ? <Panes /> : <Stack />}
      <EditorKeys />
      <ConflictDialog />
      <BringDialog />
      <ExportDialog />
      <HelpDialog />
      <LeaveGuard />
    </div>
  );
}
