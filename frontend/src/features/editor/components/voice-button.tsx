import { useQuery } from "@tanstack/react-query";
import { AudioLines } from "lucide-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import type { SpeakerRead, VoiceChoice, VoiceRead } from "@/api/generated";
import { voicesQuery } from "@/api/queries";
import { Button } from "@/components/ui/button";
import { nameOf } from "@/core/voices";
import { useEditor } from "../state/context";
import { VoicePicker, type Scope } from "./voice-picker";

const NO_VOICES: VoiceRead[] = [];

interface VoiceButtonProps {
  value: VoiceChoice | null;
  /** What it is without a choice. */
  none: string;
  speaker: SpeakerRead;
  segment: string | null;
  scope: Scope;
}

/** Whose voice speaks; a click leads to all there are. */
export function VoiceButton({ value, none, speaker, segment, scope }: VoiceButtonProps) {
  const { t } = useTranslation();
  const { language, speakers } = useEditor();
  const { data: voices = NO_VOICES } = useQuery(voicesQuery(language));
  const [open, setOpen] = useState(false);
  const name = value ? nameOf(value, speakers, voices) : none;
  return (
    <>
      <Button
        icon={AudioLines}
        className="min-w-0 justify-start"
        data-testid="voice"
        aria-label={t("voices.change", { name })}
        onClick={() => setOpen(true)}
      >
        <span className="truncate">{name}</span>
      </Button>
      {open && (
        <VoicePicker
          value={value}
          voices={voices}
          speaker={speaker}
          segment={segment}
          scope={scope}
          onClose={() => setOpen(false)}
        />
      )}
    </>
  );
}
