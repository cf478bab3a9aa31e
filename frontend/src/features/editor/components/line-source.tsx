import { useTranslation } from "react-i18next";
import { cn } from "@/components/ui/cn";
import type { SegmentRead } from "@/api/generated";
import { readAndHeard } from "@/core/picture";
import { useEditor } from "../state/context";
import { useEdits } from "../state/use-edits";
import { usePicture } from "../state/use-picture";

/** What a line says in the picture beside what was heard; one click takes one of them as its original. */
export default function LineSource({ segment }: { segment: SegmentRead }) {
  const { t } = useTranslation();
  const { task, language } = useEditor();
  const { saveText } = useEdits(task.task_id, language);
  const picture = usePicture();
  if (!picture?.words?.cues?.length) return null;
  const { read, heard } = readAndHeard(picture, segment);
  if (!read) return null;
  const texts = [["read", read] as const, ["heard", heard] as const].filter(([, text]) => text);
  return (
    <section data-testid="line-source">
      <h3 className="text-soft mb-1.5 text-xs font-medium">{t("picture.both")}</h3>
      <div className="grid gap-2 sm:grid-cols-2">
        {texts.map(([from, text]) => (
          <button
            key={from}
            type="button"
            aria-pressed={segment.text === text}
            className={cn(
              "bg-sunken hover:bg-accent-soft grid min-w-0 content-start gap-0.5 rounded-md border px-2.5 py-1.5",
              "text-left break-words",
              segment.text === text ? "border-accent" : "border-transparent",
            )}
            onClick={() => segment.text !== text && void saveText("source", segment.segment_id, text, segment.version)}
          >
            <span className="text-soft text-xs">{t(`picture.from.${from}`)}</span>
            <span>{text}</span>
          </button>
        ))}
      </div>
    </section>
  );
}
