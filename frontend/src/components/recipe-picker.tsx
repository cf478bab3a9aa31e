import "@/i18n/later";
import { useTranslation } from "react-i18next";
import type { PresetRead } from "@/api/generated";
import { Choice } from "./ui/choice";
import { Field } from "./ui/fields";

interface RecipePickerProps {
  label: string;
  presets: PresetRead[];
  chosen: PresetRead;
  /** Where burned-in subtitles are for one language: which. */
  burned: string;
  onChoose: (name: string) => void;
}

/** What an export is to be, by name, and what that means. */
export function RecipePicker({ label, presets, chosen, burned, onChoose }: RecipePickerProps) {
  const { t } = useTranslation();
  const text = t(`recipe_text.${chosen.name as "master"}`, { defaultValue: chosen.description });
  return (
    <Field label={label} hint={chosen.recipe.burn ? `${text} ${burned}` : text}>
      {(field) => (
        <Choice
          {...field}
          value={chosen.name}
          onChange={onChoose}
          options={presets.map(({ name, title }) => ({
            value: name,
            label: t(`recipe.${name as "master"}`, { defaultValue: title }),
          }))}
        />
      )}
    </Field>
  );
}
