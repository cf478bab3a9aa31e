import { useQuery } from "@tanstack/react-query";
import { Check, Play } from "lucide-react";
import { useTranslation } from "react-i18next";
import { type LineRead, listTakes, type TakeRead } from "@/api/generated";
import { keys } from "@/api/keys";
import { data } from "@/api/problems";
import { Badge } from "@/components/ui/badge";
import { Button } from "@/components/ui/button";
import { IconButton } from "@/components/ui/icon-button";
import { ago } from "@/core/format";
import { useEditor } from "../state/context";
import { useEdits } from "../state/use-edits";

/** Every take the line has had; any of them can count again. */
export function Takes({ line }: { line: LineRead }) {
  const { t } = useTranslation();
  const { task, language } = useEditor();
  const { data: takes = [] } = useQuery({
    queryKey: keys.takes(task.task_id, language, line.segment_id),
    queryFn: ({ signal }) =>
      data(listTakes({ path: { task_id: task.task_id, language, segment_id: line.segment_id }, signal })),
  });
  if (takes.length === 0) return null;
  return (
    <section>
      <h3 className="text-soft mb-1.5 text-xs font-medium">{t("properties.takes")}</h3>
      <ul className="divide-line border-line divide-y rounded-lg border">
        {takes.map((take) => (
          <TakeRow key={take.take_id} take={take} line={line} />
        ))}
      </ul>
    </section>
  );
}

function TakeRow({ take, line }: { take: TakeRead; line: LineRead }) {
  const { t, i18n } = useTranslation();
  const { task, language } = useEditor();
  const { chooseTake } = useEdits(task.task_id, language);
  return (
    <li className="flex items-center gap-2 px-2 py-1.5">
      <IconButton
        small
        icon={Play}
        label={t("properties.hear_take", { text: take.text })}
        onClick={() => void new Audio(take.url).play()}
      />
      <div className="min-w-0 flex-1">
        <p className="truncate" title={take.text}>
          {take.text}
        </p>
        <p className="text-soft text-xs tabular-nums">
          {[
            `${take.duration_s.toFixed(2)} s`,
            take.speed && `${take.speed.toFixed(2)}×`,
            ago(take.created_at, i18n.language),
          ]
            .filter(Boolean)
            .join(" · ")}
        </p>
      </div>
      {take.current ? (
        <Badge look="good">
          <Check aria-hidden size={12} />
          {t("properties.in_use")}
        </Badge>
      ) : (
        <Button small onClick={() => void chooseTake(line.segment_id, take.take_id)}>
          {t("properties.use_take")}
        </Button>
      )}
    </li>
  );
}
