import { Headphones, Volume2, VolumeX } from "lucide-react";
import { useTranslation } from "react-i18next";
import { IconButton } from "@/components/ui/icon-button";
import { languageName } from "@/core/format";
import { speakerColour } from "@/core/lines";
import { useEditor } from "../state/context";
import { show, useView } from "../state/view";
import { RULER_H, type Lane } from "./layout";

/** Whose lane it is; whether they are heard in the dub, and alone. */
export function LaneLabels({ lanes }: { lanes: Lane[] }) {
  const { t, i18n } = useTranslation();
  const { speakers, language } = useEditor();
  return (
    <ul className="border-line w-40 shrink-0 border-r max-sm:w-24" style={{ paddingTop: RULER_H }}>
      {lanes.map(({ key, speaker, height }) => (
        <li key={key} className="mb-[3px] flex items-center gap-1 pl-2 text-xs" style={{ height }}>
          {speaker !== null && (
            <span
              aria-hidden
              className="size-2 shrink-0 rounded-full"
              style={{ background: speakerColour(speakers, speaker) }}
            />
          )}
          <span className="min-w-0 flex-1 truncate font-medium">
            {speaker === null
              ? t("timeline.dub", { language: languageName(language, i18n.language) })
              : (speakers.find((one) => one.speaker_id === speaker)?.name ?? speaker)}
          </span>
          {speaker !== null && speakers.length > 1 && <LaneSound speaker={speaker} />}
        </li>
      ))}
    </ul>
  );
}

function LaneSound({ speaker }: { speaker: string }) {
  const { t } = useTranslation();
  const { speakers } = useEditor();
  const silent = useView((state) => state.silent);
  const name = speakers.find((one) => one.speaker_id === speaker)?.name ?? speaker;
  const others = speakers.map(({ speaker_id }) => speaker_id).filter((id) => id !== speaker);
  const alone = !silent.has(speaker) && others.length > 0 && others.every((id) => silent.has(id));
  const toggle = () => {
    const next = new Set(silent);
    if (!next.delete(speaker)) next.add(speaker);
    show({ silent: next });
  };
  return (
    <span className="flex max-sm:hidden">
      <IconButton
        small
        icon={silent.has(speaker) ? VolumeX : Volume2}
        label={t("timeline.mute", { name })}
        pressed={silent.has(speaker)}
        onClick={toggle}
      />
      <IconButton
        small
        icon={Headphones}
        label={t("timeline.solo", { name })}
        pressed={alone}
        onClick={() => show({ silent: new Set(alone ? [] : others) })}
      />
    </span>
  );
}
