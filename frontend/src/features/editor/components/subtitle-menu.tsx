import { useQueryClient, useQuery } from "@tanstack/react-query";
import { Captions, Download, FileUp } from "lucide-react";
import { useRef } from "react";
import { useTranslation } from "react-i18next";
import { toast } from "sonner";
import type { TaskRead } from "@/api/generated";
import { client } from "@/api/generated/client.gen";
import { keys } from "@/api/keys";
import { data } from "@/api/problems";
import { artifactsQuery } from "@/api/queries";
import { download } from "@/components/download";
import { IconButton } from "@/components/ui/icon-button";
import { Menu, type MenuEntry } from "@/components/ui/menu";
import { useRefusal } from "@/i18n/refusal";
import { useEditor } from "../state/context";

/** Bring a translation as subtitles, or take one away. */
export function SubtitleMenu() {
  const { t } = useTranslation();
  const refuse = useRefusal();
  const cache = useQueryClient();
  const { task, language } = useEditor();
  const input = useRef<HTMLInputElement>(null);
  const { data: artifacts = [] } = useQuery(artifactsQuery(task.task_id));
  const bring = async (file: File) => {
    const url = `/api/tasks/${task.task_id}/languages/${language}/subtitles`;
    try {
      const taken = await data(
        client.put({
          url,
          body: file,
          bodySerializer: null,
          headers: { "Content-Type": "application/octet-stream" },
        }) as Promise<{ data?: TaskRead }>,
      );
      await cache.invalidateQueries({ queryKey: keys.task(task.task_id) });
      const remarks = taken?.subtitle_remarks?.[language]?.length ?? 0;
      const description = remarks > 0 ? t("remarks.toast", { count: remarks }) : t("editor.subtitles_taken_hint");
      toast.success(t("editor.subtitles_taken"), { description });
    } catch (error) {
      refuse(error);
    }
  };
  const files = artifacts.filter((file) => file.language === language && /\.(srt|vtt|ass)$/i.test(file.name));
  const entries: (MenuEntry | null)[] = [
    { label: t("editor.import_subtitles"), icon: FileUp, onSelect: () => input.current?.click() },
    ...(files.length > 0 ? [null] : []),
    ...files.map((file) => ({
      label: t("editor.download_file", { name: file.name }),
      icon: Download,
      onSelect: () => download(file.url),
    })),
  ];
  return (
    <>
      <Menu entries={entries} trigger={<IconButton small icon={Captions} label={t("editor.subtitles")} />} />
      <input
        ref={input}
        type="file"
        hidden
        accept=".srt,.vtt,.ass,.ssa,.sbv,.ttml,.dfxp,.xml,.smi,.sub,.lrc,.tsv,.json,.txt"
        data-testid="subtitle-input"
        onChange={(event) => {
          const file = event.target.files?.[0];
          if (file) void bring(file);
          event.target.value = "";
        }}
      />
    </>
  );
}
