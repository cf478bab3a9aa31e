import { RotateCcw } from "lucide-react";
import { useTranslation } from "react-i18next";
import type { LineRead, LineUpdate } from "@/api/generated";
import { Button } from "@/components/ui/button";
import { Field } from "@/components/ui/fields";
import { languageName } from "@/core/format";
import { useEditor } from "../state/context";
import { useEdits } from "../state/use-edits";
import { SpeakerSelect } from "./speaker-select";
import { TimeField } from "./time-field";

const AS_ORIGINAL: LineUpdate = { start_s: null, end_s: null, speaker_id: null, voice: null };

/** What the language at hand has otherwise than the original: times and speaker of this line alone. */
export function LineOwn({ line }: { line: LineRead }) {
  const { t, i18n } = useTranslation();
  const { task, language } = useEditor();
  const { setLine } = useEdits(task.task_id, language);
  const set = (change: LineUpdate) => void setLine(line.segment_id, change);
  const own = line.moved || line.voice !== null;
  return (
    <details className="border-line rounded-lg border px-3 py-2" open={own} data-own={own}>
      <summary className="font-medium">
        {t("properties.own", { language: languageName(language, i18n.language) })}
      </summary>
      <div className="mt-2.5 grid grid-cols-2 gap-2.5">
        <TimeField label={t("properties.start")} value={line.start_s} onCommit={(start_s) => set({ start_s })} />
        <TimeField label={t("properties.end")} value={line.end_s} onCommit={(end_s) => set({ end_s })} />
        <Field label={t("properties.speaker")}>
          {(field) => (
            <SpeakerSelect {...field} value={line.speaker_id} onChoose={(speaker_id) => set({ speaker_id })} />
          )}
        </Field>
      </div>
      {own && (
        <Button small look="quiet" icon={RotateCcw} className="mt-2" onClick={() => set(AS_ORIGINAL)}>
          {t("properties.as_original")}
        </Button>
      )}
    </details>
  );
}
