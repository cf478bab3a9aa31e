import { useState } from "react";
import { useTranslation } from "react-i18next";
import type { Question as Asked, TaskRead } from "@/api/generated";
import { Question, Reasons } from "@/components/question";
import { Button } from "@/components/ui/button";
import { Dialog } from "@/components/ui/dialog";

/** That a task asks something, with a button that opens the question. */
export function Asking({ task, question }: { task: TaskRead; question: Asked }) {
  const { t } = useTranslation();
  const [open, setOpen] = useState(false);
  return (
    <div className="flex items-center gap-2" data-testid="asking">
      <div className="text-warn line-clamp-2 min-w-0 flex-1 text-xs">
        <Reasons question={question} />
      </div>
      <Button onClick={() => setOpen(true)}>{t("question.answer")}</Button>
      <Dialog open={open} onOpenChange={setOpen} title={task.video_original_name}>
        <Question task={task} question={question} />
      </Dialog>
    </div>
  );
}
