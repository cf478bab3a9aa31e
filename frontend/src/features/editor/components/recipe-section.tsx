import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { Trash2 } from "lucide-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { toast } from "sonner";
import { type ExportRead, listExports, listRecipes, makeExport, removeExport } from "@/api/exports";
import { keys } from "@/api/keys";
import { Badge } from "@/components/ui/badge";
import { Bar } from "@/components/ui/bar";
import { Button } from "@/components/ui/button";
import { Field, Select } from "@/components/ui/fields";
import { IconButton } from "@/components/ui/icon-button";
import { tone } from "@/core/progress";
import { useProblemText } from "@/i18n/problem-text";
import { useEditor } from "../state/context";
import { FileRow } from "./export-dialog";

const OPEN = new Set(["pending", "processing"]);

/** Other shapes: a master with all languages, sound alone, stems, burned-in subtitles. */
export function RecipeSection() {
  const { t } = useTranslation();
  const say = useProblemText();
  const { task } = useEditor();
  const cache = useQueryClient();
  const [chosen, setChosen] = useState("");
  const { data: recipes = {} } = useQuery({ queryKey: ["recipes"], queryFn: listRecipes });
  const names = Object.keys(recipes);
  const { data: made = [] } = useQuery({
    queryKey: keys.exports(task.task_id),
    queryFn: () => listExports(task.task_id),
    enabled: names.length > 0,
    refetchInterval: (query) => (query.state.data?.some(({ status }) => OPEN.has(status)) ? 2000 : false),
  });
  const { mutate, isPending } = useMutation({
    mutationFn: (name: string) => makeExport(task.task_id, recipes[name] ?? {}),
    onSuccess: () => cache.invalidateQueries({ queryKey: keys.exports(task.task_id) }),
    onError: (error) => toast.error(say(error)),
  });
  if (names.length === 0) return null;
  const name = chosen || (names[0] ?? "");
  return (
    <section className="border-line grid gap-3 border-t pt-4">
      <div className="flex items-end gap-2">
        <div className="flex-1">
          <Field label={t("export.recipe")}>
            {(field) => <Select {...field} value={name} onChange={(event) => setChosen(event.target.value)}>{names.map((one) => <option key={one} value={one}>{one.replaceAll("_", " ")}</option>)}</Select>}
          </Field>
        </div>
        <Button look="primary" disabled={isPending} onClick={() => mutate(name)}>{t("export.make")}</Button>
      </div>
      {made.map((one) => <Made key={one.export_id} made={one} />)}
    </section>
  );
}

function Made({ made }: { made: ExportRead }) {
  const { t } = useTranslation();
  const { task } = useEditor();
  const cache = useQueryClient();
  const remove = async () => {
    await removeExport(task.task_id, made.export_id);
    await cache.invalidateQueries({ queryKey: keys.exports(task.task_id) });
  };
  return (
    <article data-export={made.status}>
      <h3 className="mb-1.5 flex items-center gap-2 font-medium">
        {String(made.recipe["name"] ?? made.recipe["kind"] ?? t("export.recipe"))}
        <Badge look={tone(made.status)}>{t(`status.${made.status as "failed"}`)}</Badge>
        <IconButton small icon={Trash2} label={t("export.remove")} onClick={() => void remove()} className="ml-auto" />
      </h3>
      {OPEN.has(made.status) && <Bar value={made.progress ?? 0} label={t("export.title")} />}
      {made.error_message && <p className="text-bad">{made.error_message}</p>}
      {made.files.length > 0 && <ul className="border-line divide-line divide-y rounded-lg border">{made.files.map((file) => <FileRow key={file.name} {...file} />)}</ul>}
    </article>
  );
}
