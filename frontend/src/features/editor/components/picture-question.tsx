import { useMutation, useQueryClient } from "@tanstack/react-query";
import { CircleHelp } from "lucide-react";
import { useId, useState } from "react";
import { useTranslation } from "react-i18next";
import { processLanguage, updateTask } from "@/api/generated";
import { keys } from "@/api/keys";
import { data } from "@/api/problems";
import { Button } from "@/components/ui/button";
import { Confirm } from "@/components/ui/confirm";
import { languageName } from "@/core/format";
import { BASE } from "@/core/progress";
import { useRefusal } from "@/i18n/refusal";
import { useEditor } from "../state/context";
import { usePicture } from "../state/use-picture";

/** Subtitles were found in the picture and something else was recognized: which of them counts is asked once. */
export default function PictureQuestion() {
  const { t, i18n } = useTranslation();
  const { task, busy } = useEditor();
  const title = useId();
  const words = usePicture()?.words;
  const { decide, deciding } = useDecide();
  const [asked, ask] = useState(false);
  if (!words?.language || words.used || words.as_heard || task.config.source_text || busy) return null;
  const question = t("picture.question", { language: languageName(words.language, i18n.language) });
  return (
    <section
      aria-labelledby={title}
      data-testid="picture-question"
      className="bg-accent-soft border-line mx-3 mb-3 flex flex-wrap items-center gap-x-3 gap-y-2 rounded-xl border px-4 py-2.5 sm:mx-5"
    >
      <h2 id={title} className="flex items-center gap-2 font-medium">
        <CircleHelp aria-hidden size={18} className="shrink-0" />
        {question}
      </h2>
      <span className="flex flex-wrap gap-2">
        <Button look="primary" disabled={deciding} onClick={() => ask(true)}>
          {t("picture.use_them")}
        </Button>
        <Button disabled={deciding} onClick={() => decide("heard")}>
          {t("picture.keep_heard")}
        </Button>
      </span>
      <Confirm
        open={asked}
        title={question}
        text={t("picture.use_text")}
        action={t("picture.use_them")}
        onClose={() => ask(false)}
        onConfirm={() => {
          ask(false);
          decide("picture");
        }}
      />
    </section>
  );
}

function useDecide() {
  const { task } = useEditor();
  const cache = useQueryClient();
  const refuse = useRefusal();
  const path = { task_id: task.task_id };
  const { mutate, isPending } = useMutation({
    mutationFn: async (source_text: "heard" | "picture") => {
      await data(updateTask({ path, body: { source_text } }));
      if (source_text === "picture")
        await data(processLanguage({ path: { ...path, language: BASE }, body: { stage: "speaker_diarization" } }));
    },
    onError: (error) => refuse(error),
    onSettled: () => cache.invalidateQueries({ queryKey: keys.task(task.task_id) }),
  });
  return { decide: mutate, deciding: isPending };
}
