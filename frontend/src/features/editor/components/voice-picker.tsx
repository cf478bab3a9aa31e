import { useState } from "react";
import { useTranslation } from "react-i18next";
import { editing } from "@/api/editing";
import type { SpeakerRead, VoiceChoice, VoiceRead } from "@/api/generated";
import { Button } from "@/components/ui/button";
import { Dialog } from "@/components/ui/dialog";
import { Segmented } from "@/components/ui/segmented";
import { languageName } from "@/core/format";
import { targets } from "@/core/progress";
import { ANY, type Card, cardsOf, mute, shown, voiceKey, type Wanted } from "@/core/voices";
import { useEditor } from "../state/context";
import { useAudition } from "../state/use-audition";
import { useEdits } from "../state/use-edits";
import { VoiceCard } from "./voice-card";
import { VoiceFilters } from "./voice-filters";

/** For whom a voice is chosen. */
export type Scope = "line" | "speaker" | "everybody";

interface VoicePickerProps {
  value: VoiceChoice | null;
  voices: VoiceRead[];
  speaker: SpeakerRead;
  segment: string | null;
  scope: Scope;
  onClose: () => void;
}

/** All voices that speak the language: a click or an arrow key lets one be heard, with the line at hand if there is one. */
export function VoicePicker({ value, voices, speaker, segment, scope: first, onClose }: VoicePickerProps) {
  const { t, i18n } = useTranslation();
  const { task, language, speakers } = useEditor();
  const { edit, setLine } = useEdits(task.task_id, language);
  const audition = useAudition();
  const [wanted, setWanted] = useState<Wanted>(ANY);
  const [scope, setScope] = useState(first);
  const [says, setSays] = useState<"line" | "sample">(segment ? "line" : "sample");
  const [chosen, setChosen] = useState<VoiceChoice | null>(value);
  const self = scope === "line" ? t("voices.as_speaker", { name: speaker.name }) : t("speaker.like_original");
  const cards = [own(self), ...cardsOf(withoutSelf(speakers, speaker, scope), voices)];
  const choice = cards.find((card) => voiceKey(card.voice) === voiceKey(chosen)) ?? cards[0];
  const silent = choice && scope !== "line" ? mute(
          choice,
          targets(task).map(([code]) => code),
        ) : [];
  function hear(card: Card): void {
    setChosen(card.voice);
    const heard = card.voice ?? (scope === "line" ? { kind: "speaker" as const, id: speaker.speaker_id } : null);
    audition.hear(heard, says === "line" ? segment : null);
  }
  async function use(): Promise<void> {
    audition.stop();
    const who = scope === "everybody" ? null : [speaker.speaker_id];
    const done =
      scope === "line" && segment
        ? await setLine(segment, { voice: chosen })
        : await edit(() => editing.changeSpeakers(task.task_id, chosen, who));
    if (done) onClose();
  }
  return (
    <Dialog
      wide
      open
      onOpenChange={(open) => !open && onClose()}
      title={t("voices.title", { language: languageName(language, i18n.language) })}
      description={t("voices.text")}
      footer={
        <div className="flex flex-1 flex-wrap items-center justify-end gap-2">
          {silent.length > 0 && (
            <p className="text-warn flex-1 basis-full text-xs" role="status">
              {t("voices.mute", {
                name: choice?.name,
                languages: silent.map((code) => languageName(code, i18n.language)).join(", "),
              })}
            </p>
          )}
          <Segmented
            label={t("voices.for")}
            value={scope}
            onChange={setScope}
            options={(segment ? (["line", "speaker", "everybody"] as const) : (["speaker", "everybody"] as const)).map(
              (one) => ({ value: one, label: t(`voices.scope.${one}`, { name: speaker.name }) }),
            )}
          />
          <Button look="primary" onClick={() => void use()}>
            {t("voices.use")}
          </Button>
        </div>
      }
    >
      <div className="grid gap-3">
        <VoiceFilters cards={cards} wanted={wanted} onChange={setWanted} />
        {segment && (
          <Segmented
            label={t("voices.says")}
            value={says}
            onChange={setSays}
            options={(["line", "sample"] as const).map((one) => ({ value: one, label: t(`voices.say.${one}`) }))}
            className="justify-self-start"
          />
        )}
        <fieldset className="grid grid-cols-[repeat(auto-fill,minmax(10.5rem,1fr))] gap-2">
          <legend className="sr-only">{t("voices.all")}</legend>
          {shown(cards, wanted).map((card) => (
            <VoiceCard
              key={voiceKey(card.voice)}
              card={card}
              chosen={voiceKey(card.voice) === voiceKey(choice?.voice ?? null)}
              heard={voiceKey(card.voice) === voiceKey(chosen) && audition.key !== null ? audition.state : null}
              onHear={() => hear(card)}
            />
          ))}
        </fieldset>
        {shown(cards, wanted).length === 0 && <p className="text-soft">{t("voices.nothing")}</p>}
      </div>
    </Dialog>
  );
}

const own = (name: string): Card => ({
  voice: null,
  name,
  group: "video",
  engine: null,
  pitch: null,
  languages: [],
  unclear: false,
});

/** Nobody is offered their own voice a second time. */
const withoutSelf = (speakers: SpeakerRead[], speaker: SpeakerRead, scope: Scope): SpeakerRead[] =>
  scope === "everybody" ? speakers : speakers.filter((one) => one.speaker_id !== speaker.speaker_id);
