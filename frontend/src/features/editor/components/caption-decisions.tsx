import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { type LineRead, takeSegmentAsWritten, takeSegmentsAsWritten } from "@/api/generated";
import { keys } from "@/api/keys";
import { data } from "@/api/problems";
import { Button } from "@/components/ui/button";
import { useRefusal } from "@/i18n/refusal";
import { useEditor } from "../state/context";

/** What the caption of a line was taken for, and the way back: for this line, or for all of that kind. */
export function CaptionDecisions({ line }: { line: LineRead }) {
  const { t } = useTranslation();
  const { task } = useEditor();
  const refuse = useRefusal();
  const cache = useQueryClient();
  const path = { task_id: task.task_id };
  const decisions = line.decisions ?? [];
  const { mutate, isPending } = useMutation({
    mutationFn: async (every: boolean) => {
      if (every) return void (await data(takeSegmentsAsWritten({ path, body: { decisions } })));
      const one = { ...path, segment_id: line.segment_id };
      await data(takeSegmentAsWritten({ path: one, headers: { "If-Match": "*" } }));
    },
    onSuccess: () => cache.invalidateQueries({ queryKey: keys.task(task.task_id) }),
    onError: (error) => refuse(error),
  });
  if (decisions.length === 0) return null;
  return (
    <div className="grid gap-1.5 text-xs" data-testid="caption-decisions">
      <p className="text-soft">
        {t("captions.taken_for", { kinds: decisions.map((kind) => t(`captions.kind.${kind}`)).join(", ") })}
      </p>
      <div className="flex flex-wrap gap-2">
        <Button small disabled={isPending} onClick={() => mutate(false)}>
          {t("captions.as_written")}
        </Button>
        <Button small disabled={isPending} onClick={() => mutate(true)}>
          {t("captions.all_as_written")}
        </Button>
      </div>
    </div>
  );
}
