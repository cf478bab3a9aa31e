import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { toast } from "sonner";
import { patchTask } from "@/api/cache";
import { processLanguage, type SubtitlePreview } from "@/api/generated";
import { keys } from "@/api/keys";
import { data } from "@/api/problems";
import { bringSubtitles, lookAtSubtitles } from "@/api/subtitles";
import { Button } from "@/components/ui/button";
import { Dialog } from "@/components/ui/dialog";
import { Failure } from "@/components/ui/states";
import { languageName } from "@/core/format";
import { useRefusal } from "@/i18n/refusal";
import { useEditor } from "../state/context";
import { show, useView } from "../state/view";
import { RemarkList } from "./subtitle-remarks";

/** What a subtitle file would do as the translation, before it does it. */
export function BringDialog() {
  const file = useView((state) => state.bringing);
  return file && <Bringing key={`${file.name}/${file.lastModified}`} file={file} />;
}

const close = () => show({ bringing: null });

function Bringing({ file }: { file: File }) {
  const { t, i18n } = useTranslation();
  const { task, language } = useEditor();
  const { data: preview, error } = useQuery({
    queryKey: ["subtitle-preview", task.task_id, language, file.name, file.lastModified, file.size],
    queryFn: () => lookAtSubtitles(task.task_id, language, file),
    gcTime: 0,
    retry: false,
  });
  const { mutate, isPending } = useBring(file);
  const matched = preview !== undefined && (preview.lines === 0 || preview.lines_matched > 0);
  return (
    <Dialog
      open
      onOpenChange={close}
      title={t("bring.title", { name: file.name })}
      description={t("bring.text", { language: languageName(language, i18n.language) })}
      footer={
        <>
          <Button onClick={close}>{t("common.cancel")}</Button>
          <Button disabled={!matched || isPending} onClick={() => mutate(false)}>
            {t("bring.take")}
          </Button>
          <Button look="primary" disabled={!matched || isPending} onClick={() => mutate(true)}>
            {t("bring.take_and_dub")}
          </Button>
        </>
      }
    >
      {error && <Failure error={error} />}
      {!error && !preview && <div className="skeleton h-24" />}
      {preview && <Preview preview={preview} />}
    </Dialog>
  );
}

function Preview({ preview }: { preview: SubtitlePreview }) {
  const { t } = useTranslation();
  const { lines, lines_matched, lines_edited, cues, remarks } = preview;
  return (
    <div className="grid gap-3" data-testid="subtitle-preview">
      <p className={lines > 0 && lines_matched < lines / 2 ? "text-warn font-medium" : "font-medium"}>
        {lines > 0 ? t("bring.matched", { count: lines, matched: lines_matched }) : t("bring.cues", { count: cues })}
      </p>
      {lines_edited > 0 && <p className="text-warn">{t("bring.edited", { count: lines_edited })}</p>}
      {remarks.length > 0 && <RemarkList remarks={remarks} />}
    </div>
  );
}

function useBring(file: File) {
  const { t } = useTranslation();
  const { task, language } = useEditor();
  const refuse = useRefusal();
  const cache = useQueryClient();
  const id = task.task_id;
  return useMutation({
    mutationFn: async (start: boolean) => {
      const taken = await bringSubtitles(id, language, file);
      patchTask(cache, id, () => taken);
      close();
      if (start)
        await data(processLanguage({ path: { task_id: id, language }, body: { stage: "export", dub_changed: true } }));
      return start;
    },
    onSuccess: (started) => toast.success(t(started ? "bring.dubbing" : "editor.subtitles_taken")),
    onError: (error) => refuse(error),
    onSettled: () => cache.invalidateQueries({ queryKey: keys.task(id) }),
  });
}
