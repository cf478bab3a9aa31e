import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { exporting, exportsQuery, recipesQuery } from "@/api/exports";
import type { ExportRecipe, PresetRead } from "@/api/generated";
import { keys } from "@/api/keys";
import { MadeExport } from "@/components/export-files";
import { RecipePicker } from "@/components/recipe-picker";
import { Field, Input } from "@/components/ui/fields";
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
  const [told, setTold] = useState({ title: "", description: "" });
  const preset = presets.find(({ name }) => name === chosen) ?? presets[0];
  if (!preset) return null;
  const publishes = Boolean(preset.recipe.publication);
  const recipe = publishes ? { ...preset.recipe, publication: told } : preset.recipe;
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
        <Button look="primary" className="mt-5" disabled={isPending} onClick={() => mutate(recipe)}>
          {t("export.make")}
        </Button>
      </div>
      {publishes && <Publication told={told} onChange={setTold} />}
      {made.map((one) => (
        <MadeExport key={one.export_id} task={task.task_id} made={one} />
      ))}
    </section>
  );
}

interface PublicationProps {
  told: { title: string; description: string };
  onChange: (told: PublicationProps["told"]) => void;
}

/** What the video is published with, in the language of the original; it is translated on the way. */
function Publication({ told, onChange }: PublicationProps) {
  const { t } = useTranslation();
  return (
    <>
      <Field label={t("export.publication_title")} hint={t("export.publication_hint")}>
        {(field) => (
          <Input
            {...field}
            maxLength={100}
            value={told.title}
            onChange={(event) => onChange({ ...told, title: event.target.value })}
          />
        )}
      </Field>
      <Field label={t("export.publication_description")} hint={t("export.publication_summary")}>
        {(field) => (
          <textarea
            {...field}
            className="field"
            rows={3}
            maxLength={5000}
            value={told.description}
            onChange={(event) => onChange({ ...told, description: event.target.value })}
          />
        )}
      </Field>
    </>
  );
}
