import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { Trash2 } from "lucide-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { toast } from "sonner";
import {
  deleteExport,
  type ExportRead,
  type ExportRecipe,
  listExports,
  listRecipes,
  type PresetRead,
  startExport,
} from "@/api/generated";
import { keys } from "@/api/keys";
import { data } from "@/api/problems";
import { Badge } from "@/components/ui/badge";
import { Bar } from "@/components/ui/bar";
import { Button } from "@/components/ui/button";
import { Field, Select } from "@/components/ui/fields";
import { IconButton } from "@/components/ui/icon-button";
import { tone } from "@/core/progress";
import { useProblemText } from "@/i18n/problem-text";
import { useEditor } from "../state/context";
import { FileRow } from "./export-dialog";

const OPEN = new Set<string>(["pending", "processing"]);
const NO_PRESETS: PresetRead[] = [];

/** Subtitles are burned in for one language: the one that is open. Other recipes are for every finished one. */
function forLanguage(recipe: ExportRecipe, language: string): ExportRecipe {
  if (!recipe.burn) return recipe;
  return JSON.parse(JSON.stringify(recipe).replaceAll('"*"', JSON.stringify(language))) as ExportRecipe;
}

/** Other shapes: a master with all languages, sound alone, stems, burned-in subtitles. */
export function RecipeSection() {
  const { t } = useTranslation();
  const say = useProblemText();
  const { task, language } = useEditor();
  const cache = useQueryClient();
  const [chosen, setChosen] = useState("");
  const { data: presets = NO_PRESETS } = useQuery({
    queryKey: ["recipes"],
    queryFn: ({ signal }) => data(listRecipes({ signal })),
    staleTime: Infinity,
  });
  const { data: made = [] } = useQuery({
    queryKey: keys.exports(task.task_id),
    queryFn: ({ signal }) => data(listExports({ path: { task_id: task.task_id }, signal })),
    refetchInterval: (query) => (query.state.data?.some(({ status }) => OPEN.has(status)) ? 2000 : false),
  });
  const { mutate, isPending } = useMutation({
    mutationFn: (body: ExportRecipe) => data(startExport({ path: { task_id: task.task_id }, body })),
    onSuccess: () => cache.invalidateQueries({ queryKey: keys.exports(task.task_id) }),
    onError: (error) => toast.error(say(error)),
  });
  const preset = presets.find(({ name }) => name === chosen) ?? presets[0];
  if (!preset) return null;
  return (
    <section className="border-line grid gap-3 border-t pt-4">
      <div className="flex items-start gap-2">
        <div className="flex-1">
          <Field
            label={t("export.recipe")}
            hint={t(`recipe_text.${preset.name as "master"}`, { defaultValue: preset.description })}
          >
            {(field) => (
              <Select {...field} value={preset.name} onChange={(event) => setChosen(event.target.value)}>
                {presets.map(({ name, title }) => (
                  <option key={name} value={name}>
                    {t(`recipe.${name as "master"}`, { defaultValue: title })}
                  </option>
                ))}
              </Select>
            )}
          </Field>
        </div>
        <Button
          look="primary"
          className="mt-5"
          disabled={isPending}
          onClick={() => mutate(forLanguage(preset.recipe, language))}
        >
          {t("export.make")}
        </Button>
      </div>
      {made.map((one) => (
        <Made key={one.export_id} made={one} />
      ))}
    </section>
  );
}

function Made({ made }: { made: ExportRead }) {
  const { t } = useTranslation();
  const { task } = useEditor();
  const cache = useQueryClient();
  const remove = async () => {
    await data(deleteExport({ path: { task_id: task.task_id, export_id: made.export_id } }));
    await cache.invalidateQueries({ queryKey: keys.exports(task.task_id) });
  };
  return (
    <article data-export={made.status}>
      <h3 className="mb-1.5 flex items-center gap-2 font-medium">
        {made.recipe.name
          ? t(`recipe.${made.recipe.name as "master"}`, { defaultValue: made.recipe.name })
          : t("export.recipe")}
        <Badge look={tone(made.status)}>{t(`status.${made.status}`)}</Badge>
        <IconButton small icon={Trash2} label={t("export.remove")} onClick={() => void remove()} className="ml-auto" />
      </h3>
      {OPEN.has(made.status) && <Bar value={made.progress} label={t("export.title")} />}
      {made.error_message && <p className="text-bad">{made.error_message}</p>}
      {made.files.length > 0 && (
        <ul className="border-line divide-line divide-y rounded-lg border">
          {made.files.map((file) => (
            <FileRow key={file.name} {...file} />
          ))}
        </ul>
      )}
    </article>
  );
}
