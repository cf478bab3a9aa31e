import { useTranslation } from "react-i18next";
import type { LineRead } from "@/api/generated";
import { useEditor } from "../state/context";
import { useEdits } from "../state/use-edits";

/** Other translations the engine offered; one click takes one over. */
export function Alternatives({ line }: { line: LineRead }) {
  const { t } = useTranslation();
  const { task, language } = useEditor();
  const { saveText } = useEdits(task.task_id, language);
  const others = line.alternatives.filter((text) => text !== line.text);
  if (others.length === 0) return null;
  return (
    <section>
      <h3 className="text-soft mb-1.5 text-xs font-medium">{t("properties.alternatives")}</h3>
      <ul className="grid gap-1">
        {others.map((text) => (
          <li key={text}>
            <button
              type="button"
              className="bg-sunken hover:bg-accent-soft w-full rounded-md px-2.5 py-1.5 text-left"
              onClick={() => void saveText("target", line.segment_id, text, line.version)}
            >
              {text}
            </button>
          </li>
        ))}
      </ul>
    </section>
  );
}
