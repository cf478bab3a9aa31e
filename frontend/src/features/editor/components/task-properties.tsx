import { useMutation, useQuery } from "@tanstack/react-query";
import { useQueryClient } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { patchTask } from "@/api/cache";
import { type TaskUpdate, updateTask } from "@/api/generated";
import { data } from "@/api/problems";
import { logsQuery } from "@/api/queries";
import { BriefFields } from "@/components/brief-fields";
import { ChineseScript } from "@/components/chinese-script";
import { EngineText } from "@/components/engine-text";
import { LanguagePicker } from "@/components/language-picker";
import { MixFields } from "@/components/mix-fields";
import { Choice } from "@/components/ui/choice";
import { Field } from "@/components/ui/fields";
import { later } from "@/components/ui/later";
import { clock, languageName } from "@/core/format";
import { BASE, type Stage } from "@/core/progress";
import { useRefusal } from "@/i18n/refusal";
import { useEditor } from "../state/context";
import { GateLimits } from "./gate-limits";
import { Report } from "./report";
import { SourceFields } from "./source-fields";
import { SubtitleRemarks } from "./subtitle-remarks";
import { TaskEngines } from "./task-engines";
import { TaskGlossary } from "./task-glossary";

const PictureWords = later<{ change: (change: TaskUpdate) => void }>(() => import("./picture-words"));

/** What the task is to become, what came of it, and what happened on the way. */
export function TaskProperties() {
  const { t, i18n } = useTranslation();
  const { task, language } = useEditor();
  const change = useChangeTask();
  const media = task.media;
  return (
    <div className="grid grid-cols-[minmax(0,1fr)] gap-5">
      {media && (
        <p className="text-soft text-xs">
          {[
            clock(media.duration_s),
            media.width && `${media.width}×${media.height}`,
            media.fps && `${media.fps.toFixed(2)} fps`,
            media.video_codec,
            media.audio_codec,
            task.source_language && t("task.spoken", { language: languageName(task.source_language, i18n.language) }),
          ]
            .filter(Boolean)
            .join(" · ")}
        </p>
      )}
      <SubtitleRemarks task={task} />
      <SourceFields change={change} />
      <LanguagePicker
        label={t("plan.languages")}
        source={task.source_language}
        value={task.config.target_languages ?? []}
        onChange={(target_languages) => change({ target_languages })}
      />
      {(task.source_language === "zh" || task.config.target_languages?.includes("zh")) && (
        <ChineseScript value={task.config.chinese} onChange={(chinese) => change({ chinese })} />
      )}
      <Field label={t("plan.other_languages")}>
        {(field) => (
          <Choice
            {...field}
            value={task.config.other_languages ?? "translate"}
            onChange={(other_languages) => change({ other_languages })}
            options={[
              { value: "translate", label: t("plan.others.translate") },
              { value: "keep", label: t("plan.others.keep") },
            ]}
          />
        )}
      </Field>
      <section className="grid gap-2.5">
        <h3 className="text-soft text-xs font-medium">{t("plan.export_settings")}</h3>
        <MixFields
          settings={task.config.export_settings ?? {}}
          onChange={(export_settings) => change({ export_settings })}
        />
      </section>
      <PictureWords change={change} />
      <TaskGlossary terms={task.config.glossary ?? []} onChange={(glossary) => change({ glossary })} />
      <details>
        <summary className="font-medium">{t("brief.title")}</summary>
        <p className="text-soft mt-1 mb-2.5 text-xs">{t("brief.text")}</p>
        <BriefFields brief={task.config.brief ?? {}} language={language} onChange={(brief) => change({ brief })} />
      </details>
      <TaskEngines id={task.task_id} />
      <GateLimits />
      <Report task={task} language={language} />
      <Log id={task.task_id} />
    </div>
  );
}

function useChangeTask(): (change: TaskUpdate) => void {
  const { task } = useEditor();
  const cache = useQueryClient();
  const refuse = useRefusal();
  const { mutate } = useMutation({
    mutationFn: (body: TaskUpdate) => data(updateTask({ path: { task_id: task.task_id }, body })),
    onSuccess: (next) => patchTask(cache, task.task_id, () => next),
    onError: (error) => refuse(error),
  });
  return mutate;
}

function Log({ id }: { id: string }) {
  const { t, i18n } = useTranslation();
  const { data: entries = [] } = useQuery(logsQuery(id));
  const time = new Intl.DateTimeFormat(i18n.language, { timeStyle: "medium" });
  return (
    <details>
      <summary className="font-medium">{t("task.log")}</summary>
      <ol className="mt-2 grid gap-1 text-xs">
        {entries.map((entry) => (
          <li
            key={[entry.created_at, entry.language, entry.stage, entry.status, entry.message].join()}
            className="grid grid-cols-[auto_1fr] gap-2"
          >
            <time className="text-soft tabular-nums">{time.format(new Date(entry.created_at))}</time>
            <span>
              {[
                entry.language === BASE ? null : languageName(entry.language, i18n.language),
                t([`stage.${entry.stage as Stage}`, `log.stage.${entry.stage as "recipe"}`], { defaultValue: entry.stage }),
                t([`status.${entry.status as "failed"}`, `log.status.${entry.status as "started"}`], { defaultValue: entry.status }),
              ]
                .filter(Boolean)
                .join(" · ")}
              {entry.message && (
                <>
                  {" · "}
                  <EngineText text={entry.message} />
                </>
              )}
            </span>
          </li>
        ))}
      </ol>
    </details>
  );
}
