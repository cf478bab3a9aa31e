import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { exporting, exportsQuery, recipesQuery } from "@/api/exports";
import type { ExportRecipe, PresetRead } from "@/api/generated";
import { keys } from "@/api/keys";
import { MadeExport } from "@/components/export-files";
import { RecipePicker } from "@/components/recipe-picker";
import { Button } from "@/components/ui/button";
import { recipesFor } from "@/core/recipes";
import { useRefusal } from "@/i18n/refusal";
import { useEditor } from "../state/context";

const NO_PRESETS: PresetRead[] = [];

/** Other shapes: a master with all languages, sound alone, stems, burned-in subtitles. */
export function RecipeSection() {
  const { t } = useTranslation();
  const refuse = useRefusal();
  const { task, language } = useEditor();
  const cache = useQueryClient();
  const [chosen, setChosen] = useState("");
  const { data: presets = NO_PRESETS } = useQuery(recipesQuery);
  const { data: made = [] } = useQuery(exportsQuery(task.task_id));
  const { mutate, isPending } = useMutation({
    mutationFn: (recipe: ExportRecipe) =>
      Promise.all(recipesFor(recipe, [language]).map((one) => exporting.start(task.task_id, one))),
    onSuccess: () => cache.invalidateQueries({ queryKey: keys.exports(task.task_id) }),
    onError: (error) => refuse(error),
  });
  const preset = presets.find(({ name }) => name === chosen) ?? presets[0];
  if (!preset) return null;
  return (
    <section className="border-line grid gap-3 border-t pt-4">
      <div className="flex items-start gap-2">
        <div className="flex-1">
          <RecipePicker
            label={t("export.recipe")}
            presets={presets}
            chosen={preset}
            burned={t("export.burned_open")}
            onChoose={setChosen}
          />
        </div>
        <Button look="primary" className="mt-5" disabled={isPending} onClick={() => mutate(preset.recipe)}>
          {t("export.make")}
        </Button>
      </div>
      {made.map((one) => (
        <MadeExport key={one.export_id} task={task.task_id} made={one} />
      ))}
    </section>
  );
}
