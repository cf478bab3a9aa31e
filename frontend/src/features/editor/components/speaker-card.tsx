import { AudioLines, Ellipsis, Merge, Play, UserCheck } from "lucide-react";
import { useTranslation } from "react-i18next";
import { account } from "@/api/account";
import { editing } from "@/api/editing";
import type { SpeakerRead } from "@/api/generated";
import { NameField } from "@/components/name-field";
import { Button } from "@/components/ui/button";
import { IconButton } from "@/components/ui/icon-button";
import { Menu } from "@/components/ui/menu";
import { speakerColour } from "@/core/lines";
import { useEditor } from "../state/context";
import { useEdits } from "../state/use-edits";
import { useView } from "../state/view";
import { VoiceButton } from "./voice-button";

export function SpeakerCard({ speaker }: { speaker: SpeakerRead }) {
  const { t } = useTranslation();
  const { task, language, speakers, rows } = useEditor();
  const { edit } = useEdits(task.task_id, language);
  const id = speaker.speaker_id;
  const own = rows.filter(({ segment }) => segment.speaker_id === id);
  const sayable = own.find(({ line }) => line?.text)?.segment.segment_id;
  const others = speakers.filter((other) => other.speaker_id !== id);
  const change = (body: { name: string }) =>
    void edit(() => editing.changeSpeaker(task.task_id, id, speaker.version, body));
  return (
    <section aria-label={speaker.name} className="border-line grid gap-2.5 rounded-lg border p-3">
      <div className="flex items-center gap-2">
        <span
          aria-hidden
          className="size-3 shrink-0 rounded-full"
          style={{ background: speakerColour(speakers, id) }}
        />
        <NameField className="h-8 flex-1 font-medium" name={speaker.name} onCommit={(name) => change({ name })} />
        <IconButton
          small
          icon={Play}
          disabled={!speaker.has_sample}
          label={t("speaker.sample", { name: speaker.name })}
          onClick={() => void new Audio(`/api/tasks/${task.task_id}/speakers/${id}/sample`).play()}
        />
        <SpeakerMenu speaker={speaker} others={others} />
      </div>
      <CastProposal speaker={speaker} />
      <VoiceButton
        value={speaker.voice}
        none={t("speaker.like_original")}
        speaker={speaker}
        segment={sayable ?? null}
        scope="speaker"
      />
      <p className="text-soft flex flex-wrap gap-x-3 text-xs tabular-nums">
        <span>{t("speaker.lines", { count: own.length })}</span>
        <span>{t("speaker.speech", { seconds: speaker.speech_s.toFixed(1) })}</span>
        {speaker.f0_hz !== null && <span>{Math.round(speaker.f0_hz)} Hz</span>}
      </p>
    </section>
  );
}

/** Somebody known from earlier videos sounds like this speaker. */
function CastProposal({ speaker }: { speaker: SpeakerRead }) {
  const { t } = useTranslation();
  const { task, language } = useEditor();
  const { edit } = useEdits(task.task_id, language);
  if (!speaker.cast_id || !speaker.cast_name) return null;
  if (speaker.cast_accepted) return <p className="text-good text-xs">{t("cast.is", { name: speaker.cast_name })}</p>;
  const decide = (cast: string | null) => void edit(() => account.decideCast(task.task_id, speaker.speaker_id, cast));
  return (
    <div className="bg-accent-soft flex flex-wrap items-center gap-2 rounded-md px-2.5 py-1.5">
      <span className="flex-1">
        {t("cast.perhaps", { name: speaker.cast_name, percent: Math.round((speaker.cast_similarity ?? 0) * 100) })}
      </span>
      <Button small onClick={() => decide(speaker.cast_id)}>
        {t("common.yes")}
      </Button>
      <Button small look="quiet" onClick={() => decide(null)}>
        {t("common.no")}
      </Button>
    </div>
  );
}

function SpeakerMenu({ speaker, others }: { speaker: SpeakerRead; others: SpeakerRead[] }) {
  const { t } = useTranslation();
  const { task, language } = useEditor();
  const { edit } = useEdits(task.task_id, language);
  const selected = useView((state) => state.selected);
  const assign = selected
    ? [
        {
          label: t("speaker.assign"),
          icon: AudioLines,
          onSelect: () => void edit(() => editing.assign(task.task_id, speaker.speaker_id, [selected])),
        },
      ]
    : [];
  const merges = others.map((other) => ({
    label: t("speaker.merge_into", { name: other.name }),
    icon: Merge,
    onSelect: () => void edit(() => editing.mergeSpeakers(task.task_id, [speaker.speaker_id], other.speaker_id)),
  }));
  const keep = {
    label: t("cast.keep"),
    icon: UserCheck,
    onSelect: () => void edit(() => account.keepSpeaker(task.task_id, speaker.speaker_id, speaker.name)),
  };
  const entries = [keep, ...assign, ...merges];
  return (
    <Menu
      entries={entries}
      trigger={<IconButton small icon={Ellipsis} label={t("speaker.more", { name: speaker.name })} />}
    />
  );
}
