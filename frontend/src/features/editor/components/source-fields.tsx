import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { processLanguage, shiftSegments, type TaskUpdate } from "@/api/generated";
import { keys } from "@/api/keys";
import { data } from "@/api/problems";
import { Button } from "@/components/ui/button";
import { Choice } from "@/components/ui/choice";
import { Confirm } from "@/components/ui/confirm";
import { Field, Input } from "@/components/ui/fields";
import { BASE } from "@/core/progress";
import { useRefusal } from "@/i18n/refusal";
import { useEditor } from "../state/context";

/** Which sound and which text of the file are the source, and when its lines begin. */
export function SourceFields({ change }: { change: (change: TaskUpdate) => void }) {
  const { t } = useTranslation();
  const { task } = useEditor();
  const sounds = task.media?.audio_tracks ?? [];
  const texts = (task.media?.text_tracks ?? []).filter(({ readable }) => readable);
  return (
    <section className="grid gap-2.5" data-testid="source-fields">
      <h3 className="text-soft text-xs font-medium">{t("source.title")}</h3>
      <div className="grid grid-cols-[repeat(auto-fit,minmax(9rem,1fr))] gap-2.5">
        {sounds.length > 1 && (
          <Field label={t("source.audio_track")}>
            {(field) => (
              <Choice
                {...field}
                value={task.config.audio_track ?? null}
                onChange={(audio_track) => change({ audio_track })}
                options={[
                  { value: null, label: t("plan.automatic") },
                  ...sounds.map((track, index) => ({
                    value: String(track.number ?? index + 1),
                    label: [index + 1, track.language, track.title, track.listened && t("source.listened")]
                      .filter(Boolean)
                      .join(" · "),
                  })),
                ]}
              />
            )}
          </Field>
        )}
        {texts.length > 0 && (
          <Field label={t("source.text_track")}>
            {(field) => (
              <Choice
                {...field}
                value={task.config.text_track ?? null}
                onChange={(text_track) => change({ text_track })}
                options={[
                  { value: null, label: t("source.recognized") },
                  ...texts.map((track) => ({
                    value: track.number,
                    label: [track.number, track.language, track.title].filter(Boolean).join(" · "),
                  })),
                ]}
              />
            )}
          </Field>
        )}
      </div>
      {(sounds.length > 1 || texts.length > 0) && <ListenAgain />}
      <Shift />
    </section>
  );
}

function ListenAgain() {
  const { t } = useTranslation();
  const { task } = useEditor();
  const { mutate, isPending } = useRefused<void>(() =>
    data(processLanguage({ path: { task_id: task.task_id, language: BASE }, body: { stage: "speaker_diarization" } })),
  );
  const [asked, ask] = useState(false);
  return (
    <>
      <Button small className="justify-self-start" disabled={isPending} onClick={() => ask(true)}>
        {t("source.again")}
      </Button>
      <Confirm
        open={asked}
        title={t("source.again")}
        text={t("source.again_text")}
        action={t("source.again")}
        onClose={() => ask(false)}
        onConfirm={() => {
          ask(false);
          mutate();
        }}
      />
    </>
  );
}

/** Move all lines of the source, and with them those of every language; one undo brings them back. */
function Shift() {
  const { t } = useTranslation();
  const { task } = useEditor();
  const timing = task.subtitle_timing;
  const [text, setText] = useState("");
  const { mutate, isPending } = useRefused((body: { shift_s?: number; rate?: number }) =>
    data(shiftSegments({ path: { task_id: task.task_id }, body })),
  );
  const seconds = Number(text.replace(",", "."));
  return (
    <div className="flex flex-wrap items-end gap-2">
      <Field label={t("source.shift")}>
        {(field) => (
          <Input
            {...field}
            inputMode="decimal"
            placeholder="-0.5"
            className="w-28"
            value={text}
            onChange={(event) => setText(event.target.value)}
          />
        )}
      </Field>
      <Button
        disabled={isPending || !text.trim() || !Number.isFinite(seconds) || seconds === 0}
        onClick={() => mutate({ shift_s: seconds })}
      >
        {t("source.move")}
      </Button>
      {timing && (
        <Button disabled={isPending} onClick={() => mutate({ shift_s: timing.shift_s, rate: timing.rate })}>
          {t("source.proposed", { seconds: timing.shift_s.toFixed(2) })}
        </Button>
      )}
    </div>
  );
}

function useRefused<T>(act: (value: T) => Promise<unknown>) {
  const { task } = useEditor();
  const cache = useQueryClient();
  const refuse = useRefusal();
  return useMutation({
    mutationFn: act,
    onError: (error) => refuse(error),
    onSettled: () => cache.invalidateQueries({ queryKey: keys.task(task.task_id) }),
  });
}
