import { useTranslation } from "react-i18next";
import { Choice } from "@/components/ui/choice";
import { Input } from "@/components/ui/fields";
import { Segmented } from "@/components/ui/segmented";
import type { Card, Wanted } from "@/core/voices";

interface VoiceFiltersProps {
  cards: Card[];
  wanted: Wanted;
  onChange: (wanted: Wanted) => void;
}

/** By name, pitch, kind and engine; what would filter nothing is left out. */
export function VoiceFilters({ cards, wanted, onChange }: VoiceFiltersProps) {
  const { t } = useTranslation();
  const engines = [...new Set(cards.map((card) => card.engine).filter((one) => one !== null))];
  const groups = (["video", "clip", "stock"] as const).filter((group) => cards.some((card) => card.group === group));
  return (
    <div className="flex flex-wrap items-center gap-2">
      <Input
        type="search"
        className="w-40 flex-1"
        aria-label={t("voices.search")}
        placeholder={t("voices.search")}
        value={wanted.name}
        onChange={(event) => onChange({ ...wanted, name: event.target.value })}
      />
      <Segmented
        label={t("voices.pitches")}
        value={wanted.pitch}
        onChange={(pitch) => onChange({ ...wanted, pitch })}
        options={(["all", "low", "medium", "high"] as const).map((one) => ({
          value: one,
          label: t(`voices.pitch.${one}`),
        }))}
      />
      <Segmented
        label={t("voices.kinds")}
        value={wanted.group}
        onChange={(group) => onChange({ ...wanted, group })}
        options={(["all", ...groups] as const).map((one) => ({ value: one, label: t(`voices.group.${one}`) }))}
      />
      {engines.length > 1 && (
        <Choice
          className="w-auto"
          aria-label={t("voices.engine")}
          value={wanted.engine}
          onChange={(engine) => onChange({ ...wanted, engine })}
          options={[
            { value: "", label: t("voices.every_engine") },
            ...engines.map((engine) => ({ value: engine, label: engine })),
          ]}
        />
      )}
    </div>
  );
}
