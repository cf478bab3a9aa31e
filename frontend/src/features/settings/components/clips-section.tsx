import "@/i18n/later";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { FileUp, Play, Trash2 } from "lucide-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { account, clipsQuery } from "@/api/account";
import { Button } from "@/components/ui/button";
import { Check, Field, Input } from "@/components/ui/fields";
import { IconButton } from "@/components/ui/icon-button";
import { useRefusal } from "@/i18n/refusal";
import { Section } from "./section";

/** Voices to speak like, from a clip somebody agreed to. */
export function ClipsSection() {
  const { t } = useTranslation();
  const { data: clips = [] } = useQuery(clipsQuery);
  const change = useChange();
  return (
    <Section title={t("clips.title")} text={t("clips.text")}>
      <NewClip onAdd={(file, name) => change(() => account.addClip(file, name))} />
      <ul className="divide-line mt-3 divide-y">
        {clips.map((clip) => (
          <li key={clip.clip_id} className="flex items-center gap-2 py-1.5">
            <IconButton
              small
              icon={Play}
              label={t("speaker.sample", { name: clip.name })}
              onClick={() => void new Audio(`/api/clips/${clip.clip_id}/audio`).play()}
            />
            <span className="min-w-0 flex-1 truncate font-medium">{clip.name}</span>
            <span className="text-soft text-xs tabular-nums">{clip.duration_s.toFixed(1)} s</span>
            <IconButton
              small
              icon={Trash2}
              label={t("clips.remove", { name: clip.name })}
              onClick={() => change(() => account.removeClip(clip.clip_id))}
            />
          </li>
        ))}
      </ul>
    </Section>
  );
}

function useChange(): (act: () => Promise<unknown>) => void {
  const cache = useQueryClient();
  const refuse = useRefusal();
  const { mutate } = useMutation({
    mutationFn: (act: () => Promise<unknown>) => act(),
    onSuccess: () => cache.invalidateQueries({ queryKey: clipsQuery.queryKey }),
    onError: (error) => refuse(error),
  });
  return mutate;
}

function NewClip({ onAdd }: { onAdd: (file: File, name: string) => void }) {
  const { t } = useTranslation();
  const [file, setFile] = useState<File | null>(null);
  const [name, setName] = useState("");
  const [consent, setConsent] = useState(false);
  const add = () => {
    if (file) onAdd(file, name.trim());
    setFile(null);
    setName("");
    setConsent(false);
  };
  return (
    <div className="bg-sunken/60 grid gap-3 rounded-lg p-3 sm:grid-cols-2">
      <Field label={t("clips.file")}>
        {(field) => (
          <Input
            {...field}
            key={file?.name ?? "none"}
            type="file"
            accept="audio/*"
            className="pt-1.5"
            onChange={(event) => setFile(event.target.files?.[0] ?? null)}
          />
        )}
      </Field>
      <Field label={t("speaker.name")}>
        {(field) => <Input {...field} maxLength={80} value={name} onChange={(event) => setName(event.target.value)} />}
      </Field>
      <Check
        className="sm:col-span-2"
        label={t("clips.consent")}
        checked={consent}
        onChange={(event) => setConsent(event.target.checked)}
      />
      <Button
        look="primary"
        icon={FileUp}
        className="justify-self-start"
        disabled={!file || !name.trim() || !consent}
        onClick={add}
      >
        {t("common.add")}
      </Button>
    </div>
  );
}
