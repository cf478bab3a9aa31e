import "@/i18n/later";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { PackageOpen } from "lucide-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { toast } from "sonner";
import { exporting, exportsQuery, recipesQuery } from "@/api/exports";
import type { ExportRecipe, PresetRead, TaskRead } from "@/api/generated";
import { keys } from "@/api/keys";
import { MadeExport } from "@/components/export-files";
import { RecipePicker } from "@/components/recipe-picker";
import { Button } from "@/components/ui/button";
import { Dialog } from "@/components/ui/dialog";
import { finished } from "@/core/progress";
import { recipesFor } from "@/core/recipes";
import { useProblemText } from "@/i18n/problem-text";

const NO_PRESETS: PresetRead[] = [];

/** Which exports were begun, and why a task was refused, by task. */
interface Outcome {
  begun: ReadonlyMap<string, string[]>;
  refused: ReadonlyMap<string, unknown>;
}

interface BulkRun {
  outcome: Outcome;
  starting: boolean;
  start: (recipe: ExportRecipe) => Promise<void>;
}

/** One recipe for many tasks; their files are fetched here, and from each task's own export later. */
export default function BulkExport({ tasks, onClose }: { tasks: TaskRead[]; onClose: () => void }) {
  const { t } = useTranslation();
  const { data: presets = NO_PRESETS } = useQuery(recipesQuery);
  const [chosen, setChosen] = useState("");
  const ready = tasks.filter((task) => finished(task).length > 0);
  const { outcome, start, starting } = useBulkExport(ready);
  const preset = presets.find(({ name }) => name === chosen) ?? presets[0];
  return (
    <Dialog
      wide
      open
      onOpenChange={(open) => open || onClose()}
      title={t("bulk_export.title", { count: tasks.length })}
      description={t("bulk_export.text", { count: tasks.length })}
      footer={
        <>
          <Button onClick={onClose}>{t("common.close")}</Button>
          <Button
            look="primary"
            icon={PackageOpen}
            disabled={!preset || starting || ready.length === 0}
            onClick={() => preset && void start(preset.recipe)}
          >
            {t("bulk_export.make", { count: ready.length })}
          </Button>
        </>
      }
    >
      <div className="grid grid-cols-[minmax(0,1fr)] gap-4">
        {preset && (
          <RecipePicker
            label={t("bulk_export.what")}
            presets={presets}
            chosen={preset}
            burned={t("export.burned_each")}
            onChoose={setChosen}
          />
        )}
        <ul className="border-line divide-line divide-y rounded-lg border">
          {tasks.map((task) => (
            <TaskExports key={task.task_id} task={task} outcome={outcome} />
          ))}
        </ul>
      </div>
    </Dialog>
  );
}

function useBulkExport(ready: TaskRead[]): BulkRun {
  const { t } = useTranslation();
  const cache = useQueryClient();
  const [outcome, setOutcome] = useState<Outcome>({ begun: new Map(), refused: new Map() });
  const [starting, setStarting] = useState(false);
  async function start(recipe: ExportRecipe): Promise<void> {
    setStarting(true);
    const begun = new Map(outcome.begun);
    const refused = new Map<string, unknown>();
    await Promise.all(
      ready.map(async (task) => {
        for (const one of recipesFor(recipe, finished(task))) {
          try {
            const { export_id } = await exporting.start(task.task_id, one, "batch");
            begun.set(task.task_id, [...(begun.get(task.task_id) ?? []), export_id]);
          } catch (error) {
            refused.set(task.task_id, error);
          }
        }
        await cache.invalidateQueries({ queryKey: keys.exports(task.task_id) });
      }),
    );
    setOutcome({ begun, refused });
    setStarting(false);
    if (refused.size > 0) toast.error(t("actions.some_failed", { count: refused.size }));
  }
  return { outcome, start, starting };
}

/** What is being made of one task; exports of earlier days are left to its own dialog. */
function TaskExports({ task, outcome }: { task: TaskRead; outcome: Outcome }) {
  const { t } = useTranslation();
  const say = useProblemText();
  const begun = outcome.begun.get(task.task_id) ?? [];
  const { data: made = [] } = useQuery({ ...exportsQuery(task.task_id), enabled: begun.length > 0 });
  const refused = outcome.refused.get(task.task_id);
  const shown = made.filter(({ export_id }) => begun.includes(export_id));
  return (
    <li className="grid gap-2 px-3.5 py-2.5" data-task-export={task.task_id}>
      <p className="truncate font-medium">{task.video_original_name}</p>
      {refused !== undefined && <p className="text-bad text-xs">{say(refused)}</p>}
      {refused === undefined && finished(task).length === 0 && (
        <p className="text-soft text-xs">{t("bulk_export.nothing_finished")}</p>
      )}
      {shown.map((one) => (
        <MadeExport key={one.export_id} task={task.task_id} made={one} />
      ))}
    </li>
  );
}
