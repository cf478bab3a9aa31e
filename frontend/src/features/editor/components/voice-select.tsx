import { useTranslation } from "react-i18next";
import type { SpeakerRead, VoiceChoice, VoiceRead } from "@/api/generated";
import { Select } from "@/components/ui/fields";

interface VoiceSelectProps {
  id: string;
  value: VoiceChoice | null;
  /** What it is without a choice. */
  none: string;
  speakers: SpeakerRead[];
  voices: VoiceRead[];
  onChoose: (voice: VoiceChoice | null) => void;
}

const valueOf = (voice: VoiceChoice | null) => (voice ? `${voice.kind}:${voice.id}` : "");

function voiceOf(value: string): VoiceChoice | null {
  const [kind, ...id] = value.split(":");
  return kind ? { kind: kind as VoiceChoice["kind"], id: id.join(":") } : null;
}

/** Whose voice speaks. */
export function VoiceSelect({ value, none, speakers, voices, onChoose, ...field }: VoiceSelectProps) {
  const { t } = useTranslation();
  return (
    <Select {...field} value={valueOf(value)} onChange={(event) => onChoose(voiceOf(event.target.value))}>
      <option value="">{none}</option>
      <optgroup label={t("speaker.others")}>
        {speakers.map((speaker) => (
          <option key={speaker.speaker_id} value={`speaker:${speaker.speaker_id}`}>
            {speaker.name}
          </option>
        ))}
      </optgroup>
      <optgroup label={t("speaker.stock")}>
        {voices.map((voice) => (
          <option key={`${voice.kind}:${voice.id}`} value={`${voice.kind}:${voice.id}`}>
            {voice.name || voice.id}
          </option>
        ))}
      </optgroup>
    </Select>
  );
}
