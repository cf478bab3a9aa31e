import { useQuery } from "@tanstack/react-query";
import { Captions, Download, FileUp } from "lucide-react";
import { useRef } from "react";
import { useTranslation } from "react-i18next";
import { artifactsQuery } from "@/api/queries";
import { SUBTITLE_FILES } from "@/api/subtitles";
import { download } from "@/components/download";
import { IconButton } from "@/components/ui/icon-button";
import { Menu, type MenuEntry } from "@/components/ui/menu";
import { useEditor } from "../state/context";
import { show } from "../state/view";

/** Bring a translation as subtitles, or take one away. */
export function SubtitleMenu() {
  const { t } = useTranslation();
  const { task, language } = useEditor();
  const input = useRef<HTMLInputElement>(null);
  const { data: artifacts = [] } = useQuery(artifactsQuery(task.task_id));
  const files = artifacts.filter((file) => file.language === language && /\.(srt|vtt|ass)$/i.test(file.name));
  const entries: (MenuEntry | null)[] = [
    { label: t("editor.import_subtitles"), icon: FileUp, onSelect: () => input.current?.click() },
    ...(files.length > 0 ? [null] : []),
    ...files.map((file) => ({
      label: t("editor.download_file", { name: file.saved_as }),
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
        accept={SUBTITLE_FILES}
        data-testid="subtitle-input"
        onChange={(event) => {
          const file = event.target.files?.[0];
          if (file) show({ bringing: file });
          event.target.value = "";
        }}
      />
    </>
  );
}
