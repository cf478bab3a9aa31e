import { useEffect, useState } from "react";
import { useTranslation } from "react-i18next";
import { toast } from "sonner";
import { useRefusal } from "@/i18n/refusal";
import { useUploads } from "../state/store";

const carriesFiles = (event: DragEvent) => event.dataTransfer?.types.includes("Files") ?? false;

/** Take files dropped anywhere on the page or pasted into it; returns whether some are being dragged over it. */
export function useIncomingFiles(): boolean {
  const [over, setOver] = useState(false);
  const { t } = useTranslation();
  const refuse = useRefusal();
  const add = useUploads((state) => state.add);
  useEffect(() => {
    let depth = 0;
    const onEnter = (event: DragEvent) => {
      if (!carriesFiles(event)) return;
      depth += 1;
      setOver(true);
    };
    const onLeave = (event: DragEvent) => {
      if (!carriesFiles(event)) return;
      depth -= 1;
      if (depth <= 0) setOver(false);
    };
    const onOver = (event: DragEvent) => carriesFiles(event) && event.preventDefault();
    const take = (files: FileList | undefined | null) =>
      files && files.length > 0 && add([...files].map((file) => ({ file, path: file.name })));
    const takeFolders = async (entries: FileSystemEntry[]) => {
      const { filesIn } = await import("../state/folders");
      const found = await filesIn(entries);
      if (found.length > 0) add(found);
      else toast.error(t("upload.nothing_inside"));
    };
    const onDrop = (event: DragEvent) => {
      if (!carriesFiles(event)) return;
      event.preventDefault();
      depth = 0;
      setOver(false);
      // what was dropped is known only until this function returns
      const entries = [...(event.dataTransfer?.items ?? [])].flatMap((one) => one.webkitGetAsEntry() ?? []);
      if (entries.some((entry) => entry.isDirectory)) void takeFolders(entries).catch(refuse);
      else take(event.dataTransfer?.files);
    };
    const onPaste = (event: ClipboardEvent) => take(event.clipboardData?.files);
    const listeners: [string, (event: never) => void][] = [
      ["dragenter", onEnter],
      ["dragleave", onLeave],
      ["dragover", onOver],
      ["drop", onDrop],
      ["paste", onPaste],
    ];
    for (const [name, listener] of listeners) window.addEventListener(name, listener as EventListener);
    return () => listeners.forEach(([name, listener]) => window.removeEventListener(name, listener as EventListener));
  }, [add, refuse, t]);
  return over;
}
