import "@/i18n/later";
import { BookmarkPlus, X } from "lucide-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import type { TaskConfig } from "@/api/generated";
import { Button } from "@/components/ui/button";
import { Input } from "@/components/ui/fields";
import { IconButton } from "@/components/ui/icon-button";
import { presets, removePreset, savePreset } from "../state/presets";

interface PresetBarProps {
  config: TaskConfig;
  onChoose: (config: TaskConfig) => void;
}

/** Options kept under a name. */
export function PresetBar({ config, onChoose }: PresetBarProps) {
  const { t } = useTranslation();
  const [all, setAll] = useState(presets);
  const [name, setName] = useState<string | null>(null);
  return (
    <div className="mb-4 flex flex-wrap items-center gap-1.5">
      {all.map((preset) => (
        <span key={preset.name} className="border-line inline-flex items-center rounded-full border pl-2.5">
          <button
            type="button"
            className="hover:text-accent text-xs font-medium"
            onClick={() => onChoose(preset.config)}
          >
            {preset.name}
          </button>
          <IconButton
            small
            icon={X}
            label={t("plan.remove_preset", { name: preset.name })}
            onClick={() => setAll(removePreset(preset.name))}
          />
        </span>
      ))}
      {name === null ? (
        <Button small look="quiet" icon={BookmarkPlus} onClick={() => setName("")}>
          {t("plan.save_preset")}
        </Button>
      ) : (
        <form
          className="flex gap-1.5"
          onSubmit={(event) => {
            event.preventDefault();
            if (name.trim()) setAll(savePreset({ name: name.trim(), config }));
            setName(null);
          }}
        >
          <Input
            autoFocus
            aria-label={t("plan.preset_name")}
            placeholder={t("plan.preset_name")}
            value={name}
            onChange={(event) => setName(event.target.value)}
            className="h-7 w-40"
          />
          <Button small type="submit" look="primary">
            {t("common.save")}
          </Button>
        </form>
      )}
    </div>
  );
}
